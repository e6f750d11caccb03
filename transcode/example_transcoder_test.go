package transcode_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/streamgate/streamgate/jobs"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
	"github.com/streamgate/streamgate/upload"
)

// A transcoder beside an Uploader, on one database.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	coder, up, closeAll := exampleTranscoder(dir)
	defer closeAll()

	mux := http.NewServeMux()
	mux.Handle("/v1/uploads/", http.StripPrefix("/v1/uploads", up))
	transcodes, err := transcode.NewHandler(coder, nil)
	if err != nil {
		panic(err)
	}
	mux.Handle("/v1/transcodes/", http.StripPrefix("/v1/transcodes", transcodes))
	mux.Handle("/v1/transcode-profiles", transcode.NewProfilesHandler(coder))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/transcode-profiles", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 application/json
}

func exampleTranscoder(dir string) (*transcode.Transcoder, *upload.Uploader, func()) {
	files, err := disk.Open(dir)
	if err != nil {
		panic(err)
	}
	db, err := sqlite.Open(filepath.Join(dir, "streamgate.db"))
	if err != nil {
		panic(err)
	}
	queue, err := jobs.New(jobsqlite.Database(db), nil)
	if err != nil {
		panic(err)
	}
	runner, err := ffmpeg.New(filepath.Join(dir, "ffmpeg"), nil)
	if err != nil {
		panic(err)
	}
	meta := db.Metadata()
	var up *upload.Uploader
	coder, err := transcode.New(transcode.Services{
		Files: files, Metadata: meta, Queue: queue, Programs: runner,
		Inspect: func(ctx context.Context, u *metadata.Upload) error { return up.Inspect(ctx, u) },
	}, nil)
	if err != nil {
		panic(err)
	}
	up, err = upload.New(files, meta, &upload.Options{Transcoder: true, Waits: coder.Wait, Replaced: coder.Replaced})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := queue.Start(ctx); err != nil {
		panic(err)
	}
	if err := coder.Recover(ctx); err != nil {
		panic(err)
	}
	return coder, up, func() {
		for _, err := range []error{queue.Stop(ctx), runner.Close(), db.Close(), files.Close()} {
			if err != nil {
				panic(err)
			}
		}
	}
}
