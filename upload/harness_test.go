package upload_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/testdb"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

// A house is an Uploader over real stores, mounted at /v1/uploads behind an
// authenticator that believes the header X-User.
type house struct {
	t     testing.TB
	dir   string
	files storage.Store
	meta  metadata.Store
	up    *upload.Uploader
	http  *httptest.Server
	log   *bytes.Buffer
}

func newHouse(t testing.TB, o *upload.Options) *house {
	t.Helper()
	return newHouseOn(t, o, func(s storage.Store) storage.Store { return s })
}

// newHouseOn puts wrap between the Uploader and the disk.
func newHouseOn(t testing.TB, o *upload.Options, wrap func(storage.Store) storage.Store) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), log: new(bytes.Buffer)}
	files, err := disk.Open(filepath.Join(h.dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	testdb.Put(t, filepath.Join(h.dir, "db"))
	db, err := sqlite.Open(filepath.Join(h.dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	h.files, h.meta = wrap(files), db.Metadata()
	c := upload.Options{Logger: slog.New(slog.NewTextHandler(h.log, nil))}
	if o != nil {
		c = *o
		if c.Logger == nil {
			c.Logger = slog.New(slog.NewTextHandler(h.log, nil))
		}
	}
	switch {
	case c.OnComplete == nil:
		c.OnComplete = takeAsItIs
	case reflect.ValueOf(c.OnComplete).Pointer() == reflect.ValueOf(upload.Inspect).Pointer():
		c.OnComplete = nil // the default, which spares a transaction
	}
	h.up, err = upload.New(h.files, h.meta, &c)
	if err != nil {
		t.Fatal(err)
	}
	h.http = httptest.NewServer(mount(h.up))
	t.Cleanup(func() {
		h.http.Close()
		_ = db.Close()
		_ = files.Close()
	})
	return h
}

// takeAsItIs is an OnComplete that makes an asset of any file and looks no
// closer: most tests are about how the bytes arrive.
func takeAsItIs(ctx context.Context, c *upload.Completed) error {
	return c.Meta.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, c.Upload.Asset)
		if err != nil {
			return err
		}
		u := c.Upload
		a.Source, a.Size, a.SHA256, a.Type, a.Filename = u.Key, u.Size, u.SHA256, u.Type, u.Filename
		return tx.UpdateAsset(ctx, a)
	})
}

// mount is what an application does: its own sessions, a prefix of its own.
func mount(up http.Handler) http.Handler {
	mux := http.NewServeMux()
	stripped := http.StripPrefix("/v1/uploads", up)
	mux.Handle("/v1/uploads", stripped)
	mux.Handle("/v1/uploads/", stripped)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := r.Header.Get("X-User")
		switch user {
		case "":
			user = "alice"
		case "nobody":
			user = ""
		}
		p := auth.Principal{ID: user, Admin: user == "root"}
		mux.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), p)))
	})
}

// An answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
	url    string
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatalf("%d %q is not JSON: %v", a.status, a.body, err)
	}
	return m
}

// location resolves the Location header as a client does.
func (a answer) location(t testing.TB) string {
	t.Helper()
	base, err := http.NewRequest(http.MethodGet, a.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := base.URL.Parse(a.header.Get("Location"))
	if err != nil || a.header.Get("Location") == "" {
		t.Fatalf("%d: Location %q: %v", a.status, a.header.Get("Location"), err)
	}
	return u.String()
}

// do sends a request; headers come as name, value pairs. A path is below the mount.
func (h *house) do(method, path string, body io.Reader, headers ...string) answer {
	h.t.Helper()
	url := path
	if !strings.HasPrefix(path, "http") {
		url = h.http.URL + "/v1/uploads" + path
	}
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := h.http.Client().Do(req)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, url, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b), url}
}

func (h *house) want(a answer, status int) answer {
	h.t.Helper()
	if a.status != status {
		h.t.Fatalf("answered %d %v %s, want %d\nlog: %s", a.status, a.header, a.body, status, h.log)
	}
	return a
}

func (h *house) asset(id string) *metadata.Asset {
	h.t.Helper()
	a, err := h.meta.Asset(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) upload(id string) *metadata.Upload {
	h.t.Helper()
	u, err := h.meta.Upload(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

// read returns a committed blob.
func (h *house) read(key string) []byte {
	h.t.Helper()
	b, err := h.files.Open(h.t.Context(), key)
	if err != nil {
		h.t.Fatal(err)
	}
	defer b.Close()
	got := make([]byte, b.Info().Size)
	if _, err := b.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) {
		h.t.Fatal(err)
	}
	return got
}

// blobs counts what is stored: committed, and drafts.
func (h *house) blobs() (blobs, drafts int) {
	h.t.Helper()
	for _, err := range h.files.List(h.t.Context(), "") {
		if err != nil {
			h.t.Fatal(err)
		}
		blobs++
	}
	for _, err := range h.files.Drafts(h.t.Context(), "") {
		if err != nil {
			h.t.Fatal(err)
		}
		drafts++
	}
	return blobs, drafts
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

// tus sends a request of the protocol tus 1.0.
func (h *house) tus(method, path string, body []byte, headers ...string) answer {
	h.t.Helper()
	all := append([]string{"Tus-Resumable", "1.0.0"}, headers...)
	if method == http.MethodPatch {
		all = append([]string{"Content-Type", "application/offset+octet-stream"}, all...)
	}
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	return h.do(method, path, r, all...)
}

func (h *house) tusCreate(size int, headers ...string) string {
	h.t.Helper()
	a := h.want(h.tus("POST", "", nil, append([]string{"Upload-Length", strconv.Itoa(size)}, headers...)...), 201)
	return a.location(h.t)
}

func (h *house) patch(url string, offset int, body []byte, headers ...string) answer {
	h.t.Helper()
	return h.tus("PATCH", url, body, append([]string{"Upload-Offset", strconv.Itoa(offset)}, headers...)...)
}

func idOf(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

// film returns size bytes that begin as an MP4 file does.
func film(size int) []byte {
	b := make([]byte, size)
	for i := 0; i+8 <= size; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], uint64(i)*0x9e3779b97f4a7c15)
	}
	copy(b, "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42")
	return b
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
