package hls

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// memoryStore is a storage.Store of what a test puts into it.
type memoryStore struct {
	storage.Store
	mu    sync.Mutex
	blobs map[string][]byte
	opens map[string]int
	// fail, where it is set, is asked before each read of a blob.
	fail func(key string, offset int64) error
	open atomic.Int64 // blobs that are open now
}

func (s *memoryStore) put(key string, blob []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blobs == nil {
		s.blobs, s.opens = map[string][]byte{}, map[string]int{}
	}
	s.blobs[key] = blob
}

func (s *memoryStore) opened(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opens[key]
}

func (s *memoryStore) Open(ctx context.Context, key string) (storage.Blob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	blob, ok := s.blobs[key]
	if !ok {
		return nil, storage.ErrNotFound
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.opens[key]++
	s.open.Add(1)
	return &memoryBlob{store: s, key: key, bytes: blob}, nil
}

type memoryBlob struct {
	store *memoryStore
	key   string
	bytes []byte
}

func (b *memoryBlob) Info() storage.Info {
	return storage.Info{Key: b.key, Size: int64(len(b.bytes))}
}

func (b *memoryBlob) Close() error {
	b.store.open.Add(-1)
	return nil
}

func (b *memoryBlob) ReadAt(p []byte, off int64) (int, error) {
	for n := 0; b.store.fail != nil && n < len(p); n += 4096 {
		if err := b.store.fail(b.key, off+int64(n)); err != nil {
			got, _ := bytes.NewReader(b.bytes).ReadAt(p[:n], off)
			return got, err
		}
	}
	return bytes.NewReader(b.bytes).ReadAt(p, off)
}

// memoryMeta is a metadata.Store of assets alone.
type memoryMeta struct {
	metadata.Store
	mu     sync.Mutex
	assets map[string]metadata.Asset
	reads  int
}

func (m *memoryMeta) put(a metadata.Asset) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.assets == nil {
		m.assets = map[string]metadata.Asset{}
	}
	m.assets[a.ID] = a
}

func (m *memoryMeta) Asset(_ context.Context, id string) (*metadata.Asset, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	a, ok := m.assets[id]
	if !ok {
		return nil, metadata.ErrNotFound
	}
	return a.Clone(), nil
}

// library is a Server with one asset in it, "film", of the owner "ann".
type library struct {
	*Server
	files *memoryStore
	meta  *memoryMeta
	asset metadata.Asset
	index *media.Index
}

func newLibrary(t testing.TB, c clip, o *Options) *library {
	t.Helper()
	var source bytes.Buffer
	if err := c.writeTo(&source); err != nil {
		t.Fatal(err)
	}
	return newLibraryOf(t, source.Bytes(), o)
}

// newLibraryOf is newLibrary of a file that is there.
func newLibraryOf(t testing.TB, file []byte, o *Options) *library {
	t.Helper()
	source := bytes.NewBuffer(file)
	index, err := media.Parse(t.Context(), bytes.NewReader(source.Bytes()), int64(source.Len()), nil)
	if err != nil {
		t.Fatal(err)
	}
	var stored bytes.Buffer
	if _, err := index.WriteTo(&stored); err != nil {
		t.Fatal(err)
	}
	l := &library{files: new(memoryStore), meta: new(memoryMeta), index: index}
	l.files.put("film/source", source.Bytes())
	l.files.put("film/index", stored.Bytes())
	l.asset = metadata.Asset{
		ID: "film", Owner: "ann", State: metadata.Ready, Playable: true,
		Source: "film/source", Index: "film/index", SHA256: "5ca1ab1e", Revision: index.Revision("5ca1ab1e"),
	}
	l.meta.put(l.asset)
	l.Server, err = New(l.files, l.meta, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var ann = auth.Principal{ID: "ann"}

// by has requests made by a principal.
func by(p auth.Principal, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), p)))
	})
}

// ask makes a request with headers given as pairs.
func ask(h http.Handler, method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func content(t testing.TB, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// base returns what the URIs of the first track of that kind begin with.
func base(t testing.TB, h http.Handler, presentation, track string) string {
	t.Helper()
	answer := ask(h, "GET", presentation+"/master.m3u8")
	master := string(content(t, answer))
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %s", presentation, answer.Status, master)
	}
	for field := range strings.FieldsFuncSeq(master, func(r rune) bool { return r == '\n' || r == '"' }) {
		if path, ok := strings.CutSuffix(field, "/"+track+"/index.m3u8"); ok {
			return presentation + "/" + path + "/" + track + "/"
		}
	}
	t.Fatalf("no track %s in %s", track, master)
	return ""
}

// segment is what a segment must be, put together in the simplest way.
func segment(t testing.TB, index *media.Index, track, n int, source []byte) []byte {
	t.Helper()
	samples, err := index.Samples(nil, nil, track, n)
	if err != nil {
		t.Fatal(err)
	}
	want := appendFragment(nil, index.Tracks[track], n, samples)
	for _, s := range samples {
		want = append(want, source[s.Offset:s.Offset+int64(s.Size)]...)
	}
	return want
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// authorized is the context of a request of ann's.
func authorized() context.Context { return auth.NewContext(context.Background(), ann) }
