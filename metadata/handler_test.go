package metadata_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

func TestHandlerNeedsAStore(t *testing.T) {
	if _, err := metadata.NewHandler(nil, nil); err == nil {
		t.Error("a handler without a store was made")
	}
}

func TestAssetJSONHasAllFieldsAndNoNullLists(t *testing.T) {
	s := newSite(t, nil)
	at := time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)
	a := &metadata.Asset{ID: "a1", Owner: "ann", State: metadata.Uploading, CreatedAt: at, Source: "key"}
	s.insert(a)
	got := s.expect(200, call{path: "/a1"})
	delete(got, "updated_at")
	equal(t, "an empty asset", got, map[string]any{
		"id": "a1", "owner": "ann", "title": "", "description": "", "tags": []any{}, "state": "uploading", "playable": false,
		"error": nil, "waiting": nil, "reason": nil, "duration": 0.0, "size": 0.0, "sha256": nil,
		"tracks": []any{}, "renditions": []any{}, "captions": []any{}, "thumbnails": nil, "poster": nil, "playback": nil, "settled": false,
		"created_at": "2024-05-06T07:08:09.123456Z",
	})

	s.insert(&metadata.Asset{
		ID: "a2", Owner: "ann", Title: "<T>", Description: "D", Tags: []string{"x"}, State: metadata.Processing, Playable: true,
		Error: "E", Waiting: "ffmpeg", Reason: "R", Duration: 1.5, Size: 7, SHA256: "ab", Poster: "secret/key.jpg", CreatedAt: at,
		Tracks:     []metadata.Track{{ID: 1, Kind: "video", Codec: "avc1"}},
		Renditions: []metadata.Rendition{{Name: "720p", State: metadata.Ready}},
		Captions:   []metadata.Caption{{Language: "en", Key: "secret/key"}},
		Thumbnails: &metadata.Thumbnails{Columns: 5, Rows: 4, Width: 160, Height: 90, Interval: 2, Count: 7, Largest: 1, Prefix: "secret/key"},
	})
	got = s.expect(200, call{path: "/a2"})
	delete(got, "updated_at")
	equal(t, "a full asset", got, map[string]any{
		"id": "a2", "owner": "ann", "title": "<T>", "description": "D", "tags": []any{"x"}, "state": "processing", "playable": true,
		"error": "E", "waiting": "ffmpeg", "reason": "R", "duration": 1.5, "size": 7.0, "sha256": "ab",
		"tracks":     []any{map[string]any{"id": 1.0, "kind": "video", "codec": "avc1"}},
		"renditions": []any{map[string]any{"name": "720p", "state": "ready"}},
		"thumbnails": map[string]any{"columns": 5.0, "rows": 4.0, "width": 160.0, "height": 90.0, "interval": 2.0, "count": 7.0},
		"captions":   []any{map[string]any{"language": "en", "default": false, "forced": false}},
		"poster":     "/play/a2/2223ca1a05e3226618cdfdb3/poster.jpg", "playback": "/play/a2/master.m3u8", "settled": false, "created_at": "2024-05-06T07:08:09.123456Z",
	})
}

func TestAddressesComeFromTheOptions(t *testing.T) {
	s := newSite(t, &metadata.HandlerOptions{
		Playback: func(id string) string { return "https://v.example/play/" + id },
		Poster:   func(a *metadata.Asset) string { return "https://v.example/poster/" + a.ID },
	})
	s.insert(&metadata.Asset{ID: "a", Owner: "ann", State: metadata.Ready, Playable: true, Poster: "key"})
	got := s.expect(200, call{path: "/a"})
	equal(t, "addresses", []any{got["playback"], got["poster"]}, []any{"https://v.example/play/a", "https://v.example/poster/a"})
}

func TestCreateNeedsABody(t *testing.T) {
	s := newSite(t, nil)
	for _, typ := range []string{"", "application/json"} {
		if got := s.expect(400, call{method: "POST", typ: typ}); !strings.Contains(got["detail"].(string), "send a JSON object, {}") {
			t.Errorf("with type %q: %v", typ, got)
		}
	}
	if got := s.expect(200, call{}); len(got["assets"].([]any)) != 0 {
		t.Errorf("it made one: %v", got)
	}
}

func TestCreate(t *testing.T) {
	s := newSite(t, nil)
	for _, c := range []struct{ name, path, body, title, location string }{
		{"with fields", "", `{"title":" My film ","description":"a\r\nb","tags":["x"," x ","","y"]}`, "My film", "./assets/"},
		{"with a slash", "/", `{"title":"t"}`, "t", "./"},
		{"without fields", "", `{}`, "", "./assets/"},
		{"with nulls", "", `{"title":null,"tags":null}`, "", "./assets/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := s.do(call{method: "POST", path: c.path, body: c.body})
			if w.Code != http.StatusCreated {
				t.Fatalf("%d: %s", w.Code, w.Body)
			}
			id := strings.TrimPrefix(w.Header().Get("Location"), c.location)
			a := s.read(id)
			equal(t, "title, owner, state", []any{a.Title, a.Owner, a.State}, []any{c.title, "ann", metadata.Uploading})
			equal(t, "ETag", w.Header().Get("ETag"), `"1"`)
			if c.name == "with fields" {
				equal(t, "description", a.Description, "a\nb")
				equal(t, "tags", a.Tags, []string{"x", "y"})
			}
		})
	}
	for _, e := range s.outbox() {
		if e.Type != events.AssetCreated || e.Owner != "ann" || e.Actor != "ann" || e.Asset == "" {
			t.Errorf("unexpected event %+v", e)
		}
	}
}

func TestPatchMergesAsRFC7396Says(t *testing.T) {
	s := newSite(t, nil)
	for _, c := range []struct{ name, patch, title, description, tags string }{
		{"an empty patch changes nothing", `{}`, "T", "D", "[a b]"},
		{"a field replaces", `{"title":"N"}`, "N", "D", "[a b]"},
		{"a list replaces as a whole", `{"tags":["c"]}`, "T", "D", "[c]"},
		{"null removes", `{"title":null,"description":null,"tags":null}`, "", "", "[]"},
		{"an escape is read", `{"title":"\u00e9\"\\"}`, `é"\`, "D", "[a b]"},
		{"space around it does not matter", " {\n\"title\" : \"N\" }\n ", "N", "D", "[a b]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &metadata.Asset{ID: metadata.NewID(), Owner: "ann", Title: "T", Description: "D", Tags: []string{"a", "b"}, State: metadata.Ready}
			s.insert(a)
			for _, typ := range []string{"application/merge-patch+json", "application/json; charset=UTF-8"} {
				s.expect(200, call{method: "PATCH", path: "/" + a.ID, body: c.patch, typ: typ})
			}
			got := s.read(a.ID)
			equal(t, "asset", []any{got.Title, got.Description, fmt.Sprint(got.Tags)}, []any{c.title, c.description, c.tags})
			if got.Version > 2 {
				t.Errorf("a patch that changes nothing raised the version to %d", got.Version)
			}
		})
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	s := newSite(t, nil)
	a := s.asset("ann", "T")
	long := func(n int) string { return strings.Repeat("é", n) }
	for _, c := range []struct {
		name, body, typ string
		status          int
		detail          string
	}{
		{"an unknown field", `{"titel":"x"}`, "", 422, `"titel"`},
		{"a field that is not the client's", `{"owner":"bob"}`, "", 422, `"owner"`},
		{"another case", `{"Title":"x"}`, "", 422, `"Title"`},
		{"a number for a title", `{"title":1}`, "", 422, "title must be a string"},
		{"a string for tags", `{"tags":"x"}`, "", 422, "tags must be a list"},
		{"a null among tags", `{"tags":["x",null]}`, "", 422, "tags must be a list"},
		{"a title of 201", `{"title":"` + long(201) + `"}`, "", 422, "title has 201 characters; at most 200"},
		{"a description of 10,001", `{"description":"` + long(10_001) + `"}`, "", 422, "description has 10001"},
		{"a tag of 65", `{"tags":["` + long(65) + `"]}`, "", 422, "tags has 65"},
		{"51 tags", `{"tags":["` + strings.Join(numbers(51), `","`) + `"]}`, "", 422, "at most 50"},
		{"a line break in a title", `{"title":"a\nb"}`, "", 422, "U+000A"},
		{"a NUL", `{"description":"\u0000"}`, "", 422, "U+0000"},
		{"an escape sequence", `{"description":"\u001b[2J"}`, "", 422, "U+001B"},
		{"text that turns around", `{"title":"\u202egpj.exe"}`, "", 422, "U+202E"},
		{"a field twice", `{"title":"a","title":"b"}`, "", 400, "twice"},
		{"no object", `[]`, "", 400, "no JSON object"},
		{"null", `null`, "", 400, "no JSON object"},
		{"no JSON", `title=x`, "", 400, "no JSON object"},
		{"half of JSON", `{"title":"a"`, "", 400, "no JSON object"},
		{"something after it", `{"title":"a"}{}`, "", 400, "follows"},
		{"no UTF-8", "{\"title\":\"\xff\"}", "", 400, "UTF-8"},
		{"10,000 brackets", `{"tags":` + strings.Repeat("[", 10_000), "", 400, ""},
		{"another type", `{}`, "text/plain", 415, "text/plain"},
		{"a form", `title=x`, "application/x-www-form-urlencoded", 415, "application/x-www"},
		{"another charset", `{}`, "application/json; charset=latin1", 415, "UTF-8"},
		{"a type that is none", `{}`, ";;", 415, "send"},
		{"too much", `{"title":"` + strings.Repeat("x", 64<<10) + `"}`, "", 413, "65536"},
	} {
		for _, request := range []call{{method: "PATCH", path: "/" + a.ID}, {method: "POST"}} {
			request.body, request.typ = c.body, c.typ
			got := s.expect(c.status, request)
			if detail, _ := got["detail"].(string); !strings.Contains(detail, c.detail) {
				t.Errorf("%s of %s: detail %q, want %q in it", request.method, c.name, detail, c.detail)
			}
		}
	}
	s.expect(400, call{method: "PATCH", path: "/" + a.ID})
	s.expect(415, call{method: "POST", body: `{}`, typ: "application/merge-patch+json"})
	equal(t, "the asset", s.read(a.ID), a)
	if list := s.outbox(); len(list) != 0 {
		t.Errorf("refused requests left events: %v", list)
	}
}

func numbers(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(i))
	}
	return list
}

func TestDeleteTakesEverythingAndTellsWhatLiesInStorage(t *testing.T) {
	s := newSite(t, nil)
	a := &metadata.Asset{
		ID: "a1", Owner: "ann", State: metadata.Ready, Source: "imports/x", Index: "assets/a1/index", Poster: "posters/a1",
		Captions: []metadata.Caption{{Language: "en", Key: "captions/a1.vtt"}},
	}
	s.insert(a)
	u := &metadata.Upload{ID: metadata.NewID(), Asset: a.ID, Owner: "ann", Key: "uploads/u", State: metadata.UploadOpen}
	if err := s.store.Update(t.Context(), func(tx metadata.Tx) error { return tx.InsertUpload(t.Context(), u) }); err != nil {
		t.Fatal(err)
	}
	s.expect(204, call{method: "DELETE", path: "/a1"})
	s.expect(404, call{path: "/a1"})
	s.expect(404, call{method: "DELETE", path: "/a1"})
	if _, err := s.store.Upload(t.Context(), u.ID); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("the upload: %v", err)
	}
	want := []events.Event{{
		Type: events.AssetDeleted, Owner: "ann", Actor: "ann", Asset: "a1",
		Data: map[string]any{"keys": []any{"assets/a1/", "captions/a1.vtt", "imports/x", "posters/a1", "uploads/u"}},
	}}
	if diff := cmp.Diff(want, s.outbox(), cmpopts.IgnoreFields(events.Event{}, "ID", "Time")); diff != "" {
		t.Errorf("outbox (-want +got):\n%s", diff)
	}
}

func TestMethodsAndPaths(t *testing.T) {
	s := newSite(t, nil)
	a := s.asset("ann", "T")
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"PUT", "/" + a.ID, 405, "GET, HEAD, PATCH, DELETE, OPTIONS"},
		{"POST", "/" + a.ID, 405, "GET, HEAD, PATCH, DELETE, OPTIONS"},
		{"DELETE", "", 405, "GET, HEAD, POST, OPTIONS"},
		{"BREW", "/", 405, "GET, HEAD, POST, OPTIONS"},
		{"OPTIONS", "", 204, "GET, HEAD, POST, OPTIONS"},
		{"OPTIONS", "/" + a.ID, 204, "GET, HEAD, PATCH, DELETE, OPTIONS"},
		{"GET", "/" + a.ID + "/", 404, ""},
		{"GET", "/" + a.ID + "/x", 404, ""},
		{"GET", "/" + a.ID + "%2fx", 404, ""},
		{"GET", "/%00", 404, ""},
		{"GET", "/" + strings.ToUpper(a.ID), 404, ""},
		{"GET", "/" + strings.Repeat("x", 10_000), 404, ""},
		{"HEAD", "/" + a.ID, 200, ""},
		{"HEAD", "", 200, ""},
		{"HEAD", "/x", 404, ""},
	} {
		w := s.do(call{method: c.method, path: c.path})
		if w.Code != c.status || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %.60q: %d, Allow %q; want %d, %q", c.method, c.path, w.Code, w.Header().Get("Allow"), c.status, c.allow)
		}
		if c.method == "HEAD" && (w.Body.Len() > 0 || w.Header().Get("Content-Length") == "") {
			t.Errorf("HEAD %q: %d bytes of body, Content-Length %q", c.path, w.Body.Len(), w.Header().Get("Content-Length"))
		}
	}
}

func TestEveryMountWorks(t *testing.T) {
	h, err := metadata.NewHandler(openStore(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), *ann)))
		})
	}
	for mount, outside := range map[string]string{
		"": "", "/assets": "", "/a/b:c/assets": "", "/v1/assets": "/proxy/strips/this",
	} {
		server := httptest.NewServer(signed(http.StripPrefix(mount, h)))
		for _, slash := range []string{"", "/"} {
			if mount+slash == "" {
				continue
			}
			resp, err := http.Post(server.URL+mount+slash, "application/json", strings.NewReader("{}")) //nolint:noctx // a test
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			location, err := resp.Location()
			if err != nil {
				t.Fatal(err)
			}
			got, err := http.Get(location.String()) //nolint:noctx // a test
			if err != nil {
				t.Fatal(err)
			}
			_ = got.Body.Close()
			if got.StatusCode != 200 {
				t.Errorf("mounted at %q behind %q: %s answers %d", mount+slash, outside, location, got.StatusCode)
			}
		}
		server.Close()
	}
}

func TestPatchesWithoutIfMatchAllApply(t *testing.T) {
	s := newSite(t, nil)
	a := s.asset("ann", "0")
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			s.expect(200, call{method: "PATCH", path: "/" + a.ID, body: fmt.Sprintf(`{"title":"t%d"}`, i)})
		})
	}
	wg.Wait()
	if got := s.read(a.ID).Version; got != 33 {
		t.Errorf("version %d after 32 changes", got)
	}
}

// conflicting is a store in which somebody else is faster n times.
type conflicting struct {
	metadata.Store
	mu sync.Mutex
	n  int
}

type conflictingTx struct{ metadata.Tx }

func (conflictingTx) UpdateAsset(context.Context, *metadata.Asset) error { return metadata.ErrConflict }

func (s *conflicting) Update(ctx context.Context, fn func(metadata.Tx) error) error {
	s.mu.Lock()
	s.n--
	lose := s.n >= 0
	s.mu.Unlock()
	return s.Store.Update(ctx, func(tx metadata.Tx) error {
		if lose {
			tx = conflictingTx{tx}
		}
		return fn(tx)
	})
}

func TestConflictsAreTriedAgainWithinBounds(t *testing.T) {
	for n, status := range map[int]int{0: 200, 1: 200, 9: 200, 10: 409} {
		store := openStore(t)
		s := newSiteOver(t, store, nil)
		a := s.asset("ann", "T")
		s = newSiteOver(t, &conflicting{Store: store, n: n}, nil)
		s.expect(status, call{method: "PATCH", path: "/" + a.ID, body: `{"title":"N"}`})
	}
}

func TestARecorderThatRefusesLeavesNothingChanged(t *testing.T) {
	var last events.Event
	refused := errors.New("no audit log")
	s := newSite(t, &metadata.HandlerOptions{Recorder: events.RecorderFunc(func(_ context.Context, e events.Event) error {
		last = e
		return refused
	})})
	a := s.asset("ann", "T")
	for _, c := range []struct {
		call
		want events.Type
	}{
		{call{method: "POST", body: `{"title":"new"}`}, events.AssetCreated},
		{call{method: "PATCH", path: "/" + a.ID, body: `{"title":"N"}`}, events.AssetUpdated},
		{call{method: "DELETE", path: "/" + a.ID}, events.AssetDeleted},
		{call{path: "?q=secret"}, events.AssetSearched},
	} {
		got := s.expect(500, c.call)
		if strings.Contains(fmt.Sprint(got), "audit") {
			t.Errorf("the answer tells the cause: %v", got)
		}
		if last.Type != c.want || last.Actor != "ann" || last.Time.IsZero() {
			t.Errorf("recorded %+v, want %s by ann", last, c.want)
		}
	}
	equal(t, "the asset", s.read(a.ID), a)
	page, err := s.store.Search(t.Context(), metadata.Query{})
	if err != nil || len(page.Assets) != 1 || len(s.outbox()) != 0 {
		t.Errorf("left behind: %d assets, %d events, %v", len(page.Assets), len(s.outbox()), err)
	}
}
