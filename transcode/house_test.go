package transcode_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/testdb"
	"github.com/streamgate/streamgate/jobs"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
	"github.com/streamgate/streamgate/upload"
)

// A house is all that takes a file in, transcodes and plays it.
type house struct {
	t      testing.TB
	files  storage.Store
	meta   metadata.Store
	up     *upload.Uploader
	player *hls.Server
	queue  *jobs.Queue
	coder  *transcode.Transcoder
	http   *httptest.Server
	stop   func()
}

// houseOptions say what a house is like.
type houseOptions struct {
	transcode.Options

	programs transcode.Programs // default: those of this system, one Runner for all tests: it asks ffmpeg once what it can do
	own      bool               // the Runner is the house's own, with its folder below dir
	idle     bool               // tasks are not begun
	deaf     bool               // nobody is told of what waits
	wrap     func(metadata.Store) metadata.Store
	before   func()       // what comes before Inspect
	after    func() error // what comes after it

	log io.Writer // where the transcoder's log goes, too

	inspected time.Duration                     // upload.Options.MaxDuration
	store     func(s *disk.Store) storage.Store // what stands before the files; default nothing
}

func newHouse(t testing.TB, dir string, o houseOptions) *house {
	t.Helper()
	h := &house{t: t}
	files, err := disk.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	testdb.Put(t, filepath.Join(dir, "db"))
	db, err := sqlite.Open(filepath.Join(dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	h.files, h.meta = files, db.Metadata()
	if o.wrap != nil {
		h.meta = o.wrap(h.meta)
	}
	if o.store != nil {
		h.files = o.store(files)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	if h.queue, err = jobs.New(jobsqlite.Database(db), &jobs.Options{Logger: log}); err != nil {
		t.Fatal(err)
	}
	done := func() {}
	if o.programs == nil && !o.own {
		o.programs = runner(t)
	}
	if o.programs == nil {
		need(t, "ffmpeg")
		runner, err := ffmpeg.New(filepath.Join(dir, "runs"), nil)
		if err != nil {
			t.Fatal(err)
		}
		o.programs, done = runner, func() { _ = runner.Close() }
	}
	o.Logger = log
	if o.log != nil {
		o.Logger = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), o.log), nil))
	}
	inspect := h.inspect
	if o.before != nil {
		inspect = func(ctx context.Context, u *metadata.Upload) error { o.before(); return h.inspect(ctx, u) }
	}
	if before := inspect; o.after != nil {
		inspect = func(ctx context.Context, u *metadata.Upload) error { return errors.Join(before(ctx, u), o.after()) }
	}
	h.coder, err = transcode.New(transcode.Services{
		Files: h.files, Metadata: h.meta, Queue: h.queue, Programs: o.programs, Inspect: inspect,
	}, &o.Options)
	if err != nil {
		t.Fatal(err)
	}
	waits, replaced := h.coder.Wait, h.coder.Replaced
	if o.deaf {
		waits, replaced = nil, nil
	}
	if h.up, err = upload.New(h.files, h.meta, &upload.Options{Transcoder: true, Waits: waits, Replaced: replaced, MaxDuration: o.inspected, Logger: log}); err != nil {
		t.Fatal(err)
	}
	if h.player, err = hls.New(h.files, h.meta, nil); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/uploads", http.StripPrefix("/v1/uploads", h.up))
	mux.Handle("/play/", http.StripPrefix("/play", h.player))
	h.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Principal{ID: "ann"})))
	}))
	if !o.idle {
		if err := h.queue.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	stopped := false
	h.stop = func() {
		if stopped {
			return
		}
		stopped = true
		h.http.Close()
		if err := h.queue.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		done()
		_ = db.Close()
		_ = files.Close()
	}
	t.Cleanup(h.stop)
	return h
}

func (h *house) inspect(ctx context.Context, u *metadata.Upload) error { return h.up.Inspect(ctx, u) }

// send uploads a file and returns its asset.
func (h *house) send(path, query string) *metadata.Asset {
	h.t.Helper()
	a, refused := h.offer(path, query)
	if refused != "" {
		h.t.Fatal(refused)
	}
	return a
}

// offer uploads a file and returns its asset, or why it was not taken.
func (h *house) offer(path, query string) (a *metadata.Asset, refused string) {
	h.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	res, err := http.Post(h.http.URL+"/v1/uploads"+query, "application/octet-stream", f)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusCreated {
		var told struct{ Detail string }
		if err := json.Unmarshal(body, &told); err != nil {
			h.t.Fatalf("%s: %s", res.Status, body)
		}
		return nil, told.Detail
	}
	return h.asset(res.Header.Get("StreamGate-Asset")), ""
}

func (h *house) asset(id string) *metadata.Asset {
	h.t.Helper()
	a, err := h.meta.Asset(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// until waits for something.
func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	for end := time.Now().Add(5 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("not within five minutes: %s", what)
		}
	}
}

// transcodes are those of an asset, oldest first.
func (h *house) transcodes(id string) (list []*metadata.Upload) {
	h.t.Helper()
	all, err := h.meta.UploadsOf(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, u := range all {
		if u.Protocol == metadata.ProtocolTranscode {
			list = append(list, u)
		}
	}
	return list
}

// over waits until no transcode of the asset goes on.
func (h *house) over(id string) *metadata.Asset {
	h.t.Helper()
	h.until("the transcode ends", func() bool {
		for _, u := range h.transcodes(id) {
			ended := strings.Contains(u.Metadata["record"], `"ended":true`)
			if u.State == metadata.UploadTranscoding || (u.State == metadata.UploadComplete || u.State == metadata.UploadFailed) && !ended {
				return false
			}
		}
		return true
	})
	return h.asset(id)
}

// get returns what lies at a path, or nil.
func (h *house) get(path string) []byte {
	h.t.Helper()
	res, err := http.Get(h.http.URL + path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		h.t.Logf("%s: %s %s", path, res.Status, body)
		return nil
	}
	return body
}

// carry hands the outbox to metadata.RemoveFiles, as a dispatcher does.
func (h *house) carry() {
	h.t.Helper()
	remove := metadata.RemoveFiles(h.meta, h.files)
	for {
		pending, err := h.meta.Events().Pending(h.t.Context(), 0, 100)
		if err != nil {
			h.t.Fatal(err)
		}
		if len(pending) == 0 {
			return
		}
		for _, e := range pending {
			if err := remove(h.t.Context(), e); err != nil {
				h.t.Fatal(err)
			}
			if err := h.meta.Events().Delivered(h.t.Context(), e.ID); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

// stored are the keys of all blobs and drafts, but for the posters that assets have.
func (h *house) stored() (keys []string) {
	h.t.Helper()
	h.carry()
	defer func() { keys = slices.DeleteFunc(keys, h.isPoster) }()
	for info, err := range h.files.List(h.t.Context(), "") {
		if err != nil {
			h.t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	for info, err := range h.files.Drafts(h.t.Context(), "") {
		if err != nil {
			h.t.Fatal(err)
		}
		keys = append(keys, info.Key+" (draft)")
	}
	return keys
}

// isPoster reports whether a key is that of the poster of its asset.
func (h *house) isPoster(key string) bool {
	h.t.Helper()
	parts := strings.Split(key, "/")
	if len(parts) < 2 {
		return false
	}
	a, err := h.meta.Asset(h.t.Context(), parts[1])
	return err == nil && a.Poster == key
}

func (h *house) delete(a *metadata.Asset) {
	h.t.Helper()
	err := h.meta.Update(h.t.Context(), func(tx metadata.Tx) error {
		if err := tx.DeleteAsset(h.t.Context(), a.ID); err != nil {
			return err
		}
		return tx.Emit(h.t.Context(), &events.Event{Type: events.AssetDeleted, Owner: a.Owner, Asset: a.ID})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// idle reports whether no task is queued or runs.
func (h *house) idle() bool {
	h.t.Helper()
	// In one look, or a task might go on from a state to one that was looked at before.
	page, err := h.queue.List(h.t.Context(), jobs.Query{States: []jobs.State{jobs.Scheduled, jobs.Waiting, jobs.Running, jobs.Retrying}, Limit: 1})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(page.Jobs) == 0
}
