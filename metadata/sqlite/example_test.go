package sqlite_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "video")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	db, err := sqlite.Open(filepath.Join(dir, "streamgate.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	store, ctx := db.Metadata(), context.Background()
	a := &metadata.Asset{ID: metadata.NewID(), Owner: "ann", Title: "Holiday by the sea", State: metadata.Ready}
	if err := store.Update(ctx, func(tx metadata.Tx) error { return tx.InsertAsset(ctx, a) }); err != nil {
		log.Fatal(err)
	}
	page, err := store.Search(ctx, metadata.Query{Owner: "ann", Text: "sea holi"})
	fmt.Println(len(page.Assets), page.Assets[0].Title, err)
	// Output: 1 Holiday by the sea <nil>
}
