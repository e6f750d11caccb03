package upload_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

// exampleStores are the embedded ones, in a folder of their own.
func exampleStores() (*disk.Store, metadata.Store, func()) {
	dir, err := os.MkdirTemp("", "upload")
	if err != nil {
		log.Fatal(err)
	}
	files, err := disk.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		log.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(dir, "streamgate.db"))
	if err != nil {
		log.Fatal(err)
	}
	return files, db.Metadata(), func() {
		_ = db.Close()
		_ = files.Close()
		_ = os.RemoveAll(dir)
	}
}

// Uploads alone, behind the application's own sessions.
func ExampleNew() {
	files, meta, done := exampleStores()
	defer done()

	up, err := upload.New(files, meta, &upload.Options{MaxSize: 4 << 30})
	if err != nil {
		log.Fatal(err)
	}
	if err := up.Recover(context.Background()); err != nil { // what a crash left
		log.Fatal(err)
	}

	sessions := func(next http.Handler) http.Handler { // the application's own
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			cookie, err := r.Cookie("session")
			if err == nil && cookie.Value == "secret" {
				r = r.WithContext(auth.NewContext(r.Context(), auth.Principal{ID: "ada"}))
			}
			next.ServeHTTP(w, r)
		})
	}
	mux := http.NewServeMux()
	mux.Handle("/uploads/", sessions(http.StripPrefix("/uploads", up)))

	server := httptest.NewServer(mux)
	defer server.Close()
	for _, session := range []string{"", "secret"} {
		req, err := http.NewRequest(http.MethodPost, server.URL+"/uploads/", strings.NewReader("this is no film"))
		if err != nil {
			log.Fatal(err)
		}
		req.AddCookie(&http.Cookie{Name: "session", Value: session})
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			log.Fatal(err)
		}
		_ = res.Body.Close()
		fmt.Println(res.Status)
	}
	// Output:
	// 401 Unauthorized
	// 415 Unsupported Media Type
}

// An OnComplete of the application's own, and only some kinds of files.
func ExampleOptions() {
	files, meta, done := exampleStores()
	defer done()

	up, err := upload.New(files, meta, &upload.Options{
		Accept: func(t media.Type) bool { return strings.HasPrefix(string(t), "audio/") },
		OnComplete: func(_ context.Context, c *upload.Completed) error {
			fmt.Println(c.Upload.Filename, c.Asset.State, c.Upload.Size, "bytes")
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(auth.Middleware(auth.Everybody("ada"))(up))
	defer server.Close()
	song := "fLaC\x00\x00\x00\x22" + strings.Repeat("\x00", 92)
	res, err := http.Post(server.URL+"/?filename=song.flac", "", strings.NewReader(song))
	if err != nil {
		log.Fatal(err)
	}
	_ = res.Body.Close()
	fmt.Println(res.Status)
	// Output:
	// song.flac processing 100 bytes
	// 201 Created
}

// A server that ends without losing an upload.
func ExampleUploader_Drain() {
	files, meta, done := exampleStores()
	defer done()
	up, err := upload.New(files, meta, nil)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: auth.Middleware(auth.Everybody("ada"))(up)}
	// … until a signal says that it is over:
	ctx := context.Background()
	if err := up.Drain(ctx); err != nil { // uploads end, their bytes are kept
		log.Fatal(err)
	}
	if err := server.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("clients resume when the next server is up")
	// Output: clients resume when the next server is up
}

// Members may upload, so much each; everybody hears why not.
func ExampleRefuse() {
	files, meta, done := exampleStores()
	defer done()

	up, err := upload.New(files, meta, &upload.Options{
		Quota: func(_ context.Context, owner string) (int64, error) { return 10 << 30, nil },
		BeforeCreate: func(_ context.Context, c *upload.Creation) error {
			if c.Owner != "ada" {
				return upload.Refuse("Only members may upload.")
			}
			c.Tags = append(c.Tags, "inbox")
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(auth.Middleware(auth.Everybody("eve"))(up))
	defer server.Close()
	res, err := http.Post(server.URL, "video/mp4", strings.NewReader("a film"))
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	var problem struct{ Detail string }
	if err := json.NewDecoder(res.Body).Decode(&problem); err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Status, problem.Detail)
	// Output: 403 Forbidden Only members may upload.
}
