package metadata_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

const srt = "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hello</i> & welcome\r\n"

// captioned is a site with a store for subtitles.
type captioned struct {
	*site
	files *faultyFiles
}

func newCaptioned(t *testing.T, o *metadata.HandlerOptions) *captioned {
	t.Helper()
	kept, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	if o == nil {
		o = new(metadata.HandlerOptions)
	}
	files := &faultyFiles{Store: kept}
	o.Files = files
	return &captioned{newSite(t, o), files}
}

// put is a request for subtitles; path is what follows "/captions/".
func (s *captioned) put(id, path, body string) call {
	return call{method: http.MethodPut, path: "/" + id + "/captions/" + path, body: body, typ: "application/x-subrip"}
}

// deliver has what follows the events of the outbox done.
func (s *captioned) deliver() {
	s.t.Helper()
	remove := metadata.RemoveFiles(s.store, s.files)
	for range 2 { // it may come again
		for _, e := range s.outbox() {
			if err := remove(s.t.Context(), e); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

func (s *captioned) file(key string) string {
	s.t.Helper()
	b, err := s.files.Open(s.t.Context(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	defer b.Close()
	text, err := io.ReadAll(io.NewSectionReader(b, 0, b.Info().Size))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func TestCaptionsAreSetReplacedAndTakenAway(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	got := s.expect(http.StatusCreated, s.put(a.ID, "EN-us?label=+English+&kind=captions&default=true", srt))
	english := map[string]any{"language": "en-US", "label": "English", "kind": "captions", "default": true, "forced": false}
	equal(t, "captions", got["captions"], any([]any{english}))
	first := s.read(a.ID).Captions[0].Key
	if want := "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500\n<i>Hello</i> &amp; welcome\n"; s.file(first) != want {
		t.Errorf("kept as %q", s.file(first))
	}

	s.expect(http.StatusCreated, s.put(a.ID, "de?default=1&forced=true", "WEBVTT\n\n00:01.000 --> 00:02.000\nHallo"))
	if s.read(a.ID).Captions[0].Default {
		t.Error("two are shown by themselves")
	}
	got = s.expect(http.StatusOK, s.put(a.ID, "en-US", "WEBVTT\n\n00:03.000 --> 00:04.000\nNew"))
	german := map[string]any{"language": "de", "kind": "subtitles", "default": true, "forced": true}
	english = map[string]any{"language": "en-US", "kind": "subtitles", "default": false, "forced": false}
	equal(t, "captions", got["captions"], any([]any{english, german}))
	equal(t, "in the asset", s.expect(http.StatusOK, call{path: "/" + a.ID})["captions"], got["captions"])
	second := s.read(a.ID).Captions[0].Key

	s.deliver()
	equal(t, "files", len(left(t, s.files)), 2)
	if !strings.Contains(s.file(second), "New") {
		t.Errorf("kept as %q", s.file(second))
	}
	s.expect(http.StatusNoContent, call{method: http.MethodDelete, path: "/" + a.ID + "/captions/En-Us"})
	s.expect(http.StatusNotFound, call{method: http.MethodDelete, path: "/" + a.ID + "/captions/en-US"})
	s.deliver()
	equal(t, "files", left(t, s.files), []string{s.read(a.ID).Captions[0].Key})
	s.expect(http.StatusNoContent, call{method: http.MethodDelete, path: "/" + a.ID})
	s.deliver()
	equal(t, "files", len(left(t, s.files)), 0)
}

func TestCaptionEventsSayWhoDidWhat(t *testing.T) {
	var recorded []events.Event
	s := newCaptioned(t, &metadata.HandlerOptions{Recorder: events.RecorderFunc(func(_ context.Context, e events.Event) error {
		recorded = append(recorded, e)
		return nil
	})})
	a := s.asset("ann", "a film")
	s.expect(http.StatusCreated, s.put(a.ID, "en", srt))
	key := s.read(a.ID).Captions[0].Key
	c := s.put(a.ID, "en", srt)
	c.as = admin
	s.expect(http.StatusOK, c)
	var data []any
	for i, e := range s.outbox() {
		if e.Type != events.AssetUpdated || e.Asset != a.ID || e.Owner != "ann" || e.ID != recorded[i].ID {
			t.Errorf("%+v", e)
		}
		data = append(data, e.Actor, e.Data)
	}
	equal(t, "events", data, []any{"ann", map[string]any{"caption": "en"}, "root", map[string]any{"caption": "en", "keys": []any{key}}})
}

func TestCaptionsThatAreRefused(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	whole := captions.Header + "\n\n" + strings.Repeat("x", captions.MaxBytes)
	for _, c := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"no subtitles", "en", "hello", 422, "neither WebVTT"},
		{"nothing", "en", "", 422, "neither WebVTT"},
		{"a bad line", "en", "WEBVTT\n\n00:03.000 --> 00:02.000\nx", 422, "line 3: the cue ends before it begins"},
		{"too large", "en", whole, 413, "8388608"},
		{"no language", "e", srt, 422, "BCP 47"},
		{"a language with an escape", "%65n", srt, 422, "BCP 47"},
		{"a line break in a language", "en%0a", srt, 422, "BCP 47"},
		{"a quote in a label", "en?label=%00", srt, 422, "control"},
		{"a long label", "en?label=" + strings.Repeat("x", 65), srt, 422, "64"},
		{"another kind", "en?kind=chapters", srt, 422, "kind must be"},
		{"no boolean", "en?default=maybe", srt, 422, "default must be"},
		{"another parameter", "en?lable=x", srt, 400, "lable"},
		{"a query that is none", "en?a=%zz", srt, 400, "query"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.expect(c.status, s.put(a.ID, c.path, c.body))
			if detail, _ := got["detail"].(string); !strings.Contains(detail, c.want) {
				t.Errorf("%v", got)
			}
		})
	}
	for _, path := range []string{"/captions", "/captions/", "/captions/en/", "/captions/en/x", "/x/captions/en", "/captions%2Fen", "%2Fcaptions/en", "/Captions/en"} {
		s.expect(http.StatusNotFound, call{method: http.MethodPut, path: "/" + a.ID + path, body: srt, typ: "text/vtt"})
	}
	if got := s.read(a.ID); got.Version != 1 || len(left(t, s.files)) != 0 {
		t.Errorf("version %d, files %q", got.Version, left(t, s.files))
	}
	w := s.do(call{method: http.MethodGet, path: "/" + a.ID + "/captions/en"})
	equal(t, "methods", []any{w.Code, w.Header().Get("Allow")}, []any{405, "PUT, DELETE, OPTIONS"})
	w = s.do(call{method: http.MethodOptions, path: "/" + a.ID + "/captions/en"})
	equal(t, "methods", []any{w.Code, w.Header().Get("Allow")}, []any{204, "PUT, DELETE, OPTIONS"})
}

// Row 23 of the list of attacks.
func TestCaptionsOfAnotherLookLikeNone(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	s.expect(http.StatusCreated, s.put(a.ID, "en", srt))
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		for who, want := range map[*auth.Principal]int{bob: http.StatusNotFound, none: http.StatusUnauthorized} {
			c := s.put(a.ID, "en", srt)
			c.method, c.as = method, who
			theirs := s.expect(want, c)
			other := metadata.NewID()
			c.path = "/" + other + "/captions/en"
			nothing := s.expect(want, c)
			if detail, ok := nothing["detail"].(string); ok {
				nothing["detail"] = strings.ReplaceAll(detail, other, a.ID)
			}
			if d := cmp.Diff(nothing, theirs); d != "" {
				t.Errorf("%s tells which ids exist: %s", method, d)
			}
		}
	}
	equal(t, "version", s.read(a.ID).Version, int64(2))
	equal(t, "files", len(left(t, s.files)), 1)
}

func TestCaptionsHonorPreconditions(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	for _, step := range []struct {
		method, match string
		status        int
	}{
		{"PUT", `"7"`, 412},
		{"PUT", `"1"`, 201},
		{"PUT", `"1"`, 412},
		{"DELETE", `"1"`, 412},
		{"PUT", `*`, 200},
		{"DELETE", `"3"`, 204},
	} {
		c := s.put(a.ID, "en", srt)
		c.method, c.header = step.method, http.Header{"If-Match": {step.match}}
		if w := s.do(c); w.Code != step.status {
			t.Fatalf("%s if %s: %d: %s", step.method, step.match, w.Code, w.Body)
		}
	}
	c := s.put(a.ID, "en", "no subtitles")
	c.header = http.Header{"If-Match": {`"1"`}}
	s.expect(http.StatusPreconditionFailed, c) // it is not read in vain
	s.deliver()
	equal(t, "files", len(left(t, s.files)), 0)
}

func TestAnAssetHasSoManyCaptions(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	for i := range metadata.MaxCaptions {
		s.expect(http.StatusCreated, s.put(a.ID, fmt.Sprintf("x-%d", i), srt))
	}
	s.expect(http.StatusUnprocessableEntity, s.put(a.ID, "en", srt))
	s.expect(http.StatusOK, s.put(a.ID, "x-0", srt))
	s.deliver()
	equal(t, "files", len(left(t, s.files)), metadata.MaxCaptions)
}

func TestCaptionsAtTheSameTimeAllStay(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if w := s.do(s.put(a.ID, fmt.Sprintf("x-%d", i%4), srt)); w.Code != 200 && w.Code != 201 {
				t.Errorf("%d: %s", w.Code, w.Body)
			}
		})
	}
	wg.Wait()
	s.deliver()
	equal(t, "captions and files", []int{len(s.read(a.ID).Captions), len(left(t, s.files))}, []int{4, 4})
}

// Row 29 of the list of attacks.
func TestCaptionsSurviveAFaultAtEveryStep(t *testing.T) {
	full := problem.Because(storage.ErrFull, errors.New("ENOSPC"), "no room for %q", "assets/secret")
	broken := problem.Because(storage.ErrUnavailable, errors.New("EIO"), "trouble at %q", "assets/secret")
	for _, step := range []string{"create", "write", "short write", "commit", "after commit"} {
		for status, fault := range map[int]error{507: full, 503: broken} {
			t.Run(fmt.Sprint(step, " answers ", status), func(t *testing.T) {
				s := newCaptioned(t, nil)
				a := s.asset("ann", "a film")
				s.expect(http.StatusCreated, s.put(a.ID, "en", srt))
				before := s.read(a.ID)
				s.files.fail(step, fault)
				got := s.expect(status, s.put(a.ID, "en", srt))
				if detail, _ := got["detail"].(string); detail == "" || strings.Contains(detail, "secret") {
					t.Errorf("the client is told %q", detail)
				}
				equal(t, "asset", s.read(a.ID), before)
				equal(t, "files", left(t, s.files), []string{before.Captions[0].Key})
				s.files.fail("", nil)
				s.expect(http.StatusOK, s.put(a.ID, "en", srt))
			})
		}
	}
}

func TestCaptionsThatAreNotRecordedAreNotKept(t *testing.T) {
	s := newCaptioned(t, &metadata.HandlerOptions{Recorder: events.RecorderFunc(func(context.Context, events.Event) error {
		return problem.Errorf(metadata.ErrUnavailable, "no audit log")
	})})
	a := s.asset("ann", "a film")
	s.expect(http.StatusServiceUnavailable, s.put(a.ID, "en", srt))
	equal(t, "captions, files", []int{len(s.read(a.ID).Captions), len(left(t, s.files))}, []int{0, 0})
}

func TestWithoutFilesThereAreNoCaptions(t *testing.T) {
	s := newSite(t, nil)
	a := s.asset("ann", "a film")
	s.expect(http.StatusNotFound, call{method: http.MethodPut, path: "/" + a.ID + "/captions/en", body: srt})
}

// What a crash leaves between the file and its row goes with the next change.
func TestLostCaptionsAreRemoved(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	s.expect(http.StatusCreated, s.put(a.ID, "en", srt))
	prefix := "assets/" + a.ID + "/captions/"
	put(t, s.files, prefix+"lost", true)
	put(t, s.files, prefix+"half", false)
	put(t, s.files, "assets/"+a.ID+"/u1/source", true)
	s.deliver()
	equal(t, "files that may belong to a request", len(left(t, s.files)), 4)
	s.files.age = -2 * time.Hour
	s.files.fail("list", storage.ErrUnavailable)
	e := s.outbox()[0]
	if err := metadata.RemoveFiles(s.store, s.files)(t.Context(), e); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("a store that does not list: %v", err)
	}
	s.files.fail("", nil)
	s.deliver()
	equal(t, "files", left(t, s.files), []string{s.read(a.ID).Captions[0].Key, "assets/" + a.ID + "/u1/source"})
}

// faultyFiles is a store that fails at one step.
type faultyFiles struct {
	storage.Store
	mu    sync.Mutex
	step  string
	fault error
	age   time.Duration // is added to the time of whatever is listed
}

func (f *faultyFiles) fail(step string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.step, f.fault = step, err
}

func (f *faultyFiles) at(step string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if step == f.step {
		return f.fault
	}
	return nil
}

func (f *faultyFiles) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return f.aged(f.Store.List(ctx, prefix))
}

func (f *faultyFiles) Drafts(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return f.aged(f.Store.Drafts(ctx, prefix))
}

func (f *faultyFiles) aged(list iter.Seq2[storage.Info, error]) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if err := f.at("list"); err != nil {
			yield(storage.Info{}, err)
			return
		}
		list(func(info storage.Info, err error) bool {
			info.ModTime = info.ModTime.Add(f.age)
			return yield(info, err)
		})
	}
}

func (f *faultyFiles) Create(ctx context.Context, key string) (storage.Draft, error) {
	if err := f.at("create"); err != nil {
		return nil, err
	}
	d, err := f.Store.Create(ctx, key)
	return &faultyDraft{d, f}, err
}

type faultyDraft struct {
	storage.Draft
	of *faultyFiles
}

func (d *faultyDraft) Write(p []byte) (int, error) {
	if err := d.of.at("short write"); err != nil {
		n, _ := d.Draft.Write(p[:len(p)/3])
		return n, err
	}
	if err := d.of.at("write"); err != nil {
		return 0, err
	}
	return d.Draft.Write(p)
}

func (d *faultyDraft) Commit(ctx context.Context) error {
	if err := d.of.at("commit"); err != nil {
		return err
	}
	if err := d.Draft.Commit(ctx); err != nil {
		return err
	}
	return d.of.at("after commit")
}
