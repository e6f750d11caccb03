package streamgate_test

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

func TestWithMaxUploadSizeRefusesMore(t *testing.T) {
	dir := t.TempDir()
	c := serve(t, startGate(t, dir, streamgate.WithMaxUploadSize(1000)), "")
	wantProblem(t, c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(testclip.MP4(t))), http.StatusRequestEntityTooLarge)
	wantProblem(t, c.do(http.MethodPost, "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "1001"), http.StatusRequestEntityTooLarge)
	c.do(http.MethodPost, "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "1000").want(t, http.StatusCreated)
}

func TestWithSegmentDurationMakesOtherSegments(t *testing.T) {
	count := func(opts ...streamgate.Option) int {
		c := serve(t, startGate(t, t.TempDir(), opts...), "")
		return plays(t, c, c.base+"/play/"+c.upload()+"/master.m3u8")
	}
	if long, short := count(), count(streamgate.WithSegmentDuration(time.Second)); short <= long {
		t.Errorf("%d segments of 1 s, %d of 6 s", short, long)
	}
}

func TestWithUploadExpirySaysWhen(t *testing.T) {
	g := startGate(t, t.TempDir(), streamgate.WithUploadExpiry(time.Hour))
	a := serve(t, g, "").do(http.MethodPost, "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "1000").want(t, http.StatusCreated)
	location, err := a.Location()
	if err != nil {
		t.Fatal(err)
	}
	u, err := g.Metadata().Upload(t.Context(), filepath.Base(location.Path))
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(u.ExpiresAt); left > time.Hour || left < 59*time.Minute {
		t.Errorf("it expires in %s", left)
	}
}

func TestWithUploadSetsWhatThereIsNoOptionFor(t *testing.T) {
	g := startGate(t, t.TempDir(), streamgate.WithUpload(func(o *upload.Options) { o.MaxOpen = 1 }),
		streamgate.WithUpload(func(o *upload.Options) { o.MaxSize = 1000 }))
	c := serve(t, g, "")
	c.do(http.MethodPost, "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "1000").want(t, http.StatusCreated)
	wantProblem(t, c.do(http.MethodPost, "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "1000"), http.StatusTooManyRequests)
	wantProblem(t, c.do(http.MethodPost, "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "1001"), http.StatusRequestEntityTooLarge)
}

func TestWithPlaybackSetsWhatThereIsNoOptionFor(t *testing.T) {
	file := testclip.MP4(t)
	for _, on := range []bool{false, true} {
		c := serve(t, startGate(t, t.TempDir(), streamgate.WithPlayback(func(o *hls.Options) { o.Downloads = on })), "")
		name := url.Values{"filename": {"x\r\nX-Evil: 1\"; filename=evil.html"}}
		created := c.do(http.MethodPost, "/v1/uploads?"+name.Encode(), bytes.NewReader(file)).want(t, http.StatusCreated)
		path := "/play/" + created.Header.Get("StreamGate-Asset") + "/download"
		if !on {
			wantProblem(t, c.get(path), http.StatusNotFound)
			continue
		}
		got := c.get(path).want(t, http.StatusOK) // it follows
		kept, parameters, err := mime.ParseMediaType(got.Header.Get("Content-Disposition"))
		if !bytes.Equal(got.body, file) || kept != "attachment" || parameters["filename"] != `xX-Evil: 1"; filename=evil.html.mp4` || got.Header.Get("X-Evil") != "" {
			t.Errorf("%s %v %v", got.Status, got.Header, err)
		}
	}
}

// ownStores opens what New would have opened.
func ownStores(t *testing.T) (*disk.Store, metadata.Store) {
	t.Helper()
	dir := t.TempDir()
	files, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(dir, "own.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), files.Close()); err != nil {
			t.Error(err)
		}
	})
	return files, db.Metadata()
}

func TestAGateOverTheApplicationsOwnStores(t *testing.T) {
	files, meta := ownStores(t)
	g := startGate(t, "", streamgate.WithStorage(files), streamgate.WithMetadata(meta))
	c := serve(t, g, "")
	id := c.upload()
	plays(t, c, c.base+"/play/"+id+"/master.m3u8")
	if g.Files() != storage.Store(files) || g.Uploads() == nil || g.HLS() == nil {
		t.Error("the parts are not those that were given")
	}
	stopGate(t, g)
	if _, err := meta.Asset(t.Context(), id); err != nil {
		t.Errorf("Stop closed what is not the Gate's: %v", err)
	}
}

// broken is a database that does not answer.
type broken struct{ metadata.Store }

func (broken) Ping(context.Context) error {
	return problem.Errorf(metadata.ErrUnavailable, "the database is away")
}

func TestAGateDoesNotStartWithoutItsDatabase(t *testing.T) {
	files, meta := ownStores(t)
	g := openGate(t, "", streamgate.WithStorage(files), streamgate.WithMetadata(broken{meta}))
	if err := g.Start(t.Context()); !errors.Is(err, metadata.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, metadata.ErrUnavailable)
	}
	a := serve(t, g.Admin(), "").get("/ready")
	wantProblem(t, a, http.StatusServiceUnavailable)
	if !strings.Contains(string(a.body), "the database is away") {
		t.Errorf("it says %s", a.body)
	}
}

// full is a store that has no room for an index.
type full struct{ *disk.Store }

func (f full) Create(ctx context.Context, key string) (storage.Draft, error) {
	if strings.HasSuffix(key, "/index") {
		return nil, problem.Errorf(storage.ErrFull, "the disk is full")
	}
	return f.Store.Create(ctx, key)
}

func TestAnImportThatCannotBeFinishedLeavesNothing(t *testing.T) {
	dir, folder := t.TempDir(), films(t)
	files, err := disk.OpenWith(dir, &disk.Options{ImportFolders: []string{folder}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() }) // after the Gate
	g := startGate(t, t.TempDir(), streamgate.WithStorage(full{files}))
	a, err := g.Import(t.Context(), "ada", filepath.Join(folder, "My film.mp4"), nil)
	if a != nil || !errors.Is(err, storage.ErrFull) {
		t.Errorf("got %v, want %v", err, storage.ErrFull)
	}
	page, err := g.Metadata().Search(t.Context(), metadata.Query{})
	if err != nil || len(page.Assets) != 0 {
		t.Errorf("%d assets, %v", len(page.Assets), err)
	}
	wantNoFiles(t, dir)
}
