package upload_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

// A fuzzHouse is an Uploader without a network.
type fuzzHouse struct{ handler http.Handler }

func newFuzzHouse(f *testing.F) fuzzHouse {
	f.Helper()
	dir := f.TempDir()
	files, err := disk.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		f.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(dir, "db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _, _ = db.Close(), files.Close() })
	up, err := upload.New(files, db.Metadata(), &upload.Options{MaxSize: 1 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	return fuzzHouse{mount(up)}
}

func (h fuzzHouse) serve(method, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/v1/uploads"+path, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}
