package metadata_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

func open() (*sqlite.DB, func()) {
	dir, err := os.MkdirTemp("", "metadata")
	if err != nil {
		log.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(dir, "streamgate.db"))
	if err != nil {
		log.Fatal(err)
	}
	return db, func() {
		_ = db.Close()
		_ = os.RemoveAll(dir)
	}
}

func ExampleNewHandler() {
	db, done := open()
	defer done()

	assets, err := metadata.NewHandler(db.Metadata(), nil)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	signedIn := func(next http.Handler) http.Handler { // the application's own sessions
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Principal{ID: "ann"})))
		})
	}
	mux.Handle("/v1/assets", signedIn(http.StripPrefix("/v1/assets", assets)))
	mux.Handle("/v1/assets/", signedIn(http.StripPrefix("/v1/assets", assets)))

	r := httptest.NewRequest("POST", "/v1/assets", strings.NewReader(`{"title":"Holiday","tags":["sea"]}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("ETag"))
	// Output: 201 "1"
}

func ExampleStore() {
	db, done := open()
	defer done()
	store, ctx := db.Metadata(), context.Background()

	a := &metadata.Asset{ID: metadata.NewID(), Owner: "ann", Title: "Holiday", State: metadata.Ready}
	err := store.Update(ctx, func(tx metadata.Tx) error { return tx.InsertAsset(ctx, a) })
	if err != nil {
		log.Fatal(err)
	}
	err = store.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, a.ID) // through tx: what is read here is what is changed
		if err != nil {
			return err
		}
		a.Tags = append(a.Tags, "sea")
		return tx.UpdateAsset(ctx, a)
	})
	if err != nil {
		log.Fatal(err)
	}
	page, err := store.Search(ctx, metadata.Query{Owner: "ann", Text: "holi"})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range page.Assets {
		fmt.Println(a.Title, a.Tags, a.Version)
	}
	// Output: Holiday [sea] 2
}

func ExampleAsset_Validate() {
	a := &metadata.Asset{Title: strings.Repeat("x", 201)}
	fmt.Println(a.Validate())
	// Output: title has 201 characters; at most 200 are possible
}

func ExampleInertFilename() {
	fmt.Println(metadata.InertFilename("../../etc/my clip.mp4"))
	// Output: my clip.mp4
}

func ExampleNewID() {
	fmt.Println(metadata.IsID(metadata.NewID()), metadata.IsID("../etc"))
	// Output: true false
}

func ExampleDerivedID() {
	parts := []string{metadata.NewID(), metadata.NewID()}
	id := metadata.DerivedID(parts...)
	fmt.Println(metadata.IsID(id), id == metadata.DerivedID(parts...), id == metadata.DerivedID(parts[1], parts[0]))
	// Output: true true false
}
