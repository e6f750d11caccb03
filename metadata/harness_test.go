package metadata_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/testdb"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

func openStore(t testing.TB) metadata.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "metadata.db")
	testdb.Put(t, path)
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db.Metadata()
}

// site is a handler mounted at /v1/assets over a store of its own.
type site struct {
	t       *testing.T
	store   metadata.Store
	handler http.Handler
}

func newSite(t *testing.T, o *metadata.HandlerOptions) *site {
	t.Helper()
	return newSiteOver(t, openStore(t), o)
}

func newSiteOver(t *testing.T, store metadata.Store, o *metadata.HandlerOptions) *site {
	t.Helper()
	h, err := metadata.NewHandler(store, o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/assets", http.StripPrefix("/v1/assets", h))
	mux.Handle("/v1/assets/", http.StripPrefix("/v1/assets", h))
	return &site{t: t, store: store, handler: mux}
}

// call is a request. Zero fields: GET of the list by ann.
type call struct {
	method string
	path   string // below /v1/assets
	body   string
	typ    string // Content-Type; default: application/json where there is a body
	header http.Header
	as     *auth.Principal
}

var (
	ann   = &auth.Principal{ID: "ann"}
	bob   = &auth.Principal{ID: "bob"}
	admin = &auth.Principal{ID: "root", Admin: true}
	none  = &auth.Principal{}
)

func (s *site) do(c call) *httptest.ResponseRecorder {
	s.t.Helper()
	if c.method == "" {
		c.method = http.MethodGet
	}
	if c.as == nil {
		c.as = ann
	}
	r := httptest.NewRequestWithContext(auth.NewContext(context.Background(), *c.as), c.method, "/v1/assets"+c.path, strings.NewReader(c.body))
	if c.typ == "" && c.body != "" {
		c.typ = "application/json"
	}
	if c.typ != "" {
		r.Header.Set("Content-Type", c.typ)
	}
	maps.Copy(r.Header, c.header)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// expect is do with a status, and returns the JSON of the answer.
func (s *site) expect(status int, c call) map[string]any {
	s.t.Helper()
	w := s.do(c)
	if w.Code != status {
		s.t.Fatalf("%s %q: %d, want %d: %s", c.method, c.path, w.Code, status, w.Body)
	}
	if w.Body.Len() == 0 {
		return nil
	}
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		s.t.Fatalf("%s %q: %v: %s", c.method, c.path, err, w.Body)
	}
	return v
}

func (s *site) insert(list ...*metadata.Asset) {
	s.t.Helper()
	if err := s.store.Update(s.t.Context(), func(tx metadata.Tx) error {
		for _, a := range list {
			if err := tx.InsertAsset(s.t.Context(), a); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) asset(owner, title string) *metadata.Asset {
	s.t.Helper()
	a := &metadata.Asset{ID: metadata.NewID(), Owner: owner, Title: title, State: metadata.Ready}
	s.insert(a)
	return a
}

func (s *site) read(id string) *metadata.Asset {
	s.t.Helper()
	a, err := s.store.Asset(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *site) outbox() []events.Event {
	s.t.Helper()
	list, err := s.store.Events().Pending(s.t.Context(), 0, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
