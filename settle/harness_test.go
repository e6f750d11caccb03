package settle_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/testdb"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

// A house is real stores with assets in them.
type house struct {
	t     testing.TB
	dir   string
	files *disk.Store
	db    *sqlite.DB
	meta  metadata.Store
}

func open(t testing.TB, dir string) *house {
	t.Helper()
	files, err := disk.OpenWith(filepath.Join(dir, "files"), &disk.Options{ImportFolders: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	testdb.Put(t, filepath.Join(dir, "db"))
	db, err := sqlite.Open(filepath.Join(dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dir: dir, files: files, db: db, meta: db.Metadata()}
	t.Cleanup(h.close)
	return h
}

func (h *house) close() {
	if h.db == nil {
		return
	}
	if err := errors.Join(h.db.Close(), h.files.Close()); err != nil {
		h.t.Error(err)
	}
	h.db = nil
}

// cut makes segments of a second, so that a short clip has some.
var cut = media.Cut{Target: 1}

// film makes an asset of a file, as an upload does.
func (h *house) film(data []byte) string {
	h.t.Helper()
	a := &metadata.Asset{ID: metadata.NewID(), Owner: "ann", State: metadata.Processing, Filename: "clip.mp4"}
	h.insert(a)
	h.add(a.ID, data)
	return a.ID
}

func (h *house) insert(a *metadata.Asset) {
	h.t.Helper()
	if err := h.meta.Update(h.ctx(), func(tx metadata.Tx) error { return tx.InsertAsset(h.ctx(), a.Clone()) }); err != nil {
		h.t.Fatal(err)
	}
}

// add makes an asset one of a new file.
func (h *house) add(id string, data []byte) {
	h.t.Helper()
	u := h.upload(id, int64(len(data)))
	h.put(u.Key, data)
	h.inspect(id, u)
}

func (h *house) upload(id string, size int64) *metadata.Upload {
	u := &metadata.Upload{ID: metadata.NewID(), Asset: id, Owner: "ann", State: metadata.UploadComplete, Size: size, Offset: size, Type: "video/mp4", Filename: "clip.mp4", Protocol: "body"}
	u.Key = upload.SourceKey(id, u.ID)
	return u
}

func (h *house) inspect(id string, u *metadata.Upload) {
	h.t.Helper()
	err := h.meta.Update(h.ctx(), func(tx metadata.Tx) error { c := *u; return tx.InsertUpload(h.ctx(), &c) })
	if err == nil {
		err = upload.Inspect(h.ctx(), &upload.Completed{Upload: u, Asset: h.asset(id), Files: h.files, Meta: h.meta, Cut: cut})
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// ctx outlives the test: what ends it is used in cleanups.
func (h *house) ctx() context.Context { return context.WithoutCancel(h.t.Context()) }

func (h *house) asset(id string) *metadata.Asset {
	h.t.Helper()
	a, err := h.meta.Asset(h.ctx(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// settler is one of the stores of the house, or of what stands before them.
func (h *house) settler(o *settle.Options, files storage.Store, meta metadata.Store) *settle.Settler {
	h.t.Helper()
	c := settle.Options{Alone: true, Reserve: -1, Logger: slog.New(slog.DiscardHandler)}
	if o != nil {
		c = *o
		c.Alone, c.Reserve, c.Logger = true, orElse(c.Reserve, -1), slog.New(slog.DiscardHandler)
	}
	s, err := settle.New(files, meta, &c)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func orElse(v, otherwise int64) int64 {
	if v == 0 {
		return otherwise
	}
	return v
}

// carry does what the outbox says, as a dispatcher does.
func (h *house) carry() {
	h.t.Helper()
	remove := metadata.RemoveFiles(h.meta, h.files)
	list, err := h.meta.Events().Pending(h.ctx(), 0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range list {
		if err := remove(h.ctx(), e); err != nil {
			h.t.Error(err)
		}
		if err := h.meta.Events().Delivered(h.ctx(), e.ID); err != nil {
			h.t.Fatal(err)
		}
	}
}

// told are the types of the events of an asset.
func (h *house) told(id string) []events.Type {
	h.t.Helper()
	list, err := h.meta.Events().After(h.ctx(), "ann", 0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	var types []events.Type
	for _, e := range list {
		if e.Asset == id {
			types = append(types, e.Type)
		}
	}
	return types
}

// keys are all blobs and drafts.
func (h *house) keys() []string {
	h.t.Helper()
	var keys []string
	for info, err := range h.files.List(h.ctx(), "") {
		if err != nil {
			h.t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	for info, err := range h.files.Drafts(h.ctx(), "") {
		if err != nil {
			h.t.Fatal(err)
		}
		keys = append(keys, "draft "+info.Key)
	}
	return keys
}

// onlyKeys asks for these keys and no others.
func (h *house) onlyKeys(want ...string) {
	h.t.Helper()
	got := h.keys()
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(slices.Compact(want), got) {
		h.t.Errorf("there are\n\t%s\nand should be\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// player plays the assets of the house, and lets files be downloaded.
func (h *house) player() http.Handler {
	h.t.Helper()
	s, err := hls.New(h.files, h.meta, &hls.Options{Authorizer: auth.PublicPlay(auth.OwnerOnly()), Downloads: true, Cut: cut})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func get(p http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

var uris = regexp.MustCompile(`URI="([^"]+)"|(?m)^([^#\s].*)$`)

// answers are all that the playlists of an asset lead to, by path: status, ETag
// and bytes.
func answers(p http.Handler, id string) map[string]string {
	found := map[string]string{}
	var visit func(name string)
	visit = func(name string) {
		if _, ok := found[name]; ok {
			return
		}
		w := get(p, name)
		body := w.Body.String()
		found[name] = http.StatusText(w.Code) + " " + w.Header().Get("ETag") + " " + body
		if strings.HasSuffix(name, ".m3u8") {
			for _, m := range uris.FindAllStringSubmatch(body, -1) {
				visit(name[:strings.LastIndexByte(name, '/')+1] + m[1] + m[2])
			}
		}
	}
	visit("/" + id + "/master.m3u8")
	visit("/" + id + "/manifest.mpd")
	return found
}

// sameAnswers compares what an asset is answered with, without printing films.
func sameAnswers(t testing.TB, want, got map[string]string) {
	t.Helper()
	if len(want) < 8 {
		t.Errorf("only %d answers to compare", len(want))
	}
	for name := range want {
		if want[name] != got[name] {
			t.Errorf("%s: %.90q, want %.90q", name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d answers, want %d", len(got), len(want))
	}
}

// soon waits for what is to become true in the background.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 24_000 {
		if is() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("it did not become true that %s", what)
}
