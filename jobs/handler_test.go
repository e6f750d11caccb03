package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/testdb"
	"github.com/streamgate/streamgate/jobs"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

func newQueue(t testing.TB, kinds ...string) *jobs.Queue {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	testdb.Put(t, path)
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	q, err := jobs.New(jobsqlite.Database(db), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		if err := q.Handle(k, func(context.Context, *jobs.Task) error { return nil }, nil); err != nil {
			t.Fatal(err)
		}
	}
	return q
}

// site is a handler mounted at /v1/jobs, as an administrator sees it.
type site struct {
	t        *testing.T
	handler  http.Handler
	recorded []string
	refuse   error
}

func newSite(t *testing.T, q *jobs.Queue) *site {
	t.Helper()
	s := &site{t: t}
	h, err := jobs.NewHandler(q, &jobs.HandlerOptions{Recorder: events.RecorderFunc(func(_ context.Context, e events.Event) error {
		s.recorded = append(s.recorded, string(e.Type)+" "+e.Actor)
		return s.refuse
	})})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/jobs", http.StripPrefix("/v1/jobs", h))
	mux.Handle("/v1/jobs/", http.StripPrefix("/v1/jobs", h))
	s.handler = mux
	return s
}

func (s *site) do(method, target, body string, who auth.Principal) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(auth.NewContext(s.t.Context(), who), method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

var admin = auth.Principal{ID: "ops", Admin: true}

// ask wants a status, and a JSON object.
func (s *site) ask(status int, method, target, body string) map[string]any {
	s.t.Helper()
	w := s.do(method, target, body, admin)
	if w.Code != status {
		s.t.Fatalf("%s %s: %d, want %d: %s", method, target, w.Code, status, w.Body)
	}
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil && method != http.MethodHead {
		s.t.Fatalf("%s %s: %v: %s", method, target, err, w.Body)
	}
	return v
}

func TestAJobIsSubmittedShownCancelledAndTriedAgainOverHTTP(t *testing.T) {
	s := newSite(t, newQueue(t, "film"))
	at := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	body := `{"kind":"film","args":{"asset":"a"},"owner":"ann","priority":1,"max_attempts":2,"unique":"a","run_at":"` + at.Format(time.RFC3339Nano) + `"}`
	w := s.do(http.MethodPost, "/v1/jobs", body, admin)
	if w.Code != http.StatusCreated || w.Header().Get("Location") != "./jobs/1" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	var j jobs.Job
	if err := json.Unmarshal(w.Body.Bytes(), &j); err != nil {
		t.Fatal(err)
	}
	want := jobs.Job{
		ID: 1, Kind: "film", Args: json.RawMessage(`{"asset":"a"}`), Owner: "ann", State: jobs.Scheduled, Priority: 1,
		MaxAttempts: 2, Unique: "a", RunAt: at, CreatedAt: j.CreatedAt,
	}
	if d := cmp.Diff(want, j); d != "" {
		t.Error(d)
	}
	if again := s.ask(http.StatusOK, http.MethodPost, "/v1/jobs/", body); again["id"] != 1.0 {
		t.Errorf("with the same key: %v", again)
	}
	if got := s.ask(http.StatusOK, http.MethodGet, "/v1/jobs/1", ""); got["state"] != "scheduled" {
		t.Errorf("%v", got)
	}
	s.ask(http.StatusOK, http.MethodHead, "/v1/jobs/1", "")
	if got := s.ask(http.StatusOK, http.MethodDelete, "/v1/jobs/1", ""); got["state"] != "cancelled" {
		t.Errorf("%v", got)
	}
	if got := s.ask(http.StatusOK, http.MethodPost, "/v1/jobs/1/retry", ""); got["state"] != "waiting" {
		t.Errorf("%v", got)
	}
	if d := cmp.Diff([]string{"job.submitted ops", "job.submitted ops", "job.canceled ops", "job.retried ops"}, s.recorded); d != "" {
		t.Error(d)
	}
}

func TestJobsAreListedOverHTTP(t *testing.T) {
	s := newSite(t, newQueue(t, "film", "poster"))
	if got := s.ask(http.StatusOK, http.MethodGet, "/v1/jobs", ""); got["next"] != nil || len(got["jobs"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
	for range 3 {
		s.ask(http.StatusCreated, http.MethodPost, "/v1/jobs", `{"kind":"film","owner":"ann"}`)
		s.ask(http.StatusCreated, http.MethodPost, "/v1/jobs", `{"kind":"poster"}`)
	}
	page := s.ask(http.StatusOK, http.MethodGet, "/v1/jobs?kind=film&state=waiting&state=done&owner=ann&limit=2", "")
	if len(page["jobs"].([]any)) != 2 || page["next"] != "3" {
		t.Errorf("%v", page)
	}
	page = s.ask(http.StatusOK, http.MethodGet, "/v1/jobs?kind=film&limit=2&cursor=3", "")
	if len(page["jobs"].([]any)) != 1 || page["next"] != nil {
		t.Errorf("%v", page)
	}
}

func TestWhatIsNoRequestForJobsIsRefused(t *testing.T) {
	s := newSite(t, newQueue(t, "film"))
	for name, c := range map[string]struct {
		method, target, body string
		status               int
	}{
		"a method that is none":        {http.MethodPut, "/v1/jobs/1", "", http.StatusMethodNotAllowed},
		"a list is not deleted":        {http.MethodDelete, "/v1/jobs", "", http.StatusMethodNotAllowed},
		"no number":                    {http.MethodGet, "/v1/jobs/film", "", http.StatusNotFound},
		"another spelling":             {http.MethodGet, "/v1/jobs/01", "", http.StatusNotFound},
		"below a job":                  {http.MethodGet, "/v1/jobs/1/x", "", http.StatusNotFound},
		"not there":                    {http.MethodGet, "/v1/jobs/1", "", http.StatusNotFound},
		"cancel what is not there":     {http.MethodDelete, "/v1/jobs/1", "", http.StatusNotFound},
		"retry what is not there":      {http.MethodPost, "/v1/jobs/1/retry", "", http.StatusNotFound},
		"a parameter that is none":     {http.MethodGet, "/v1/jobs?kinds=film", "", http.StatusUnprocessableEntity},
		"a parameter twice":            {http.MethodGet, "/v1/jobs?owner=a&owner=b", "", http.StatusUnprocessableEntity},
		"a state that is none":         {http.MethodGet, "/v1/jobs?state=asleep", "", http.StatusUnprocessableEntity},
		"a limit that is none":         {http.MethodGet, "/v1/jobs?limit=0", "", http.StatusUnprocessableEntity},
		"a kind that is none":          {http.MethodGet, "/v1/jobs?kind=A%00", "", http.StatusUnprocessableEntity},
		"an owner that is none":        {http.MethodGet, "/v1/jobs?owner=%00", "", http.StatusUnprocessableEntity},
		"no body":                      {http.MethodPost, "/v1/jobs", "", http.StatusBadRequest},
		"no JSON":                      {http.MethodPost, "/v1/jobs", "{", http.StatusBadRequest},
		"two objects":                  {http.MethodPost, "/v1/jobs", `{"kind":"film"}{}`, http.StatusBadRequest},
		"a field that is none":         {http.MethodPost, "/v1/jobs", `{"kind":"film","state":"done"}`, http.StatusBadRequest},
		"an unknown kind":              {http.MethodPost, "/v1/jobs", `{"kind":"other"}`, http.StatusUnprocessableEntity},
		"arguments that are no object": {http.MethodPost, "/v1/jobs", `{"kind":"film","args":[1]}`, http.StatusUnprocessableEntity},
		"a body without an end":        {http.MethodPost, "/v1/jobs", `{"kind":"` + strings.Repeat("x", 100<<10) + `"}`, http.StatusRequestEntityTooLarge},
	} {
		w := s.do(c.method, c.target, c.body, admin)
		if w.Code != c.status || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, c.status, w.Body)
		}
	}
	if len(s.recorded) > 0 {
		t.Errorf("something was recorded: %v", s.recorded)
	}
}

func TestOnlyAnAdministratorSeesJobs(t *testing.T) {
	s := newSite(t, newQueue(t, "film"))
	s.ask(http.StatusCreated, http.MethodPost, "/v1/jobs", `{"kind":"film","owner":"ann"}`)
	for who, status := range map[auth.Principal]int{{}: http.StatusUnauthorized, {ID: "ann"}: http.StatusForbidden} {
		for _, c := range [][2]string{
			{http.MethodGet, "/v1/jobs/1"},
			{http.MethodGet, "/v1/jobs"},
			{http.MethodPost, "/v1/jobs"},
			{http.MethodDelete, "/v1/jobs/1"},
			{http.MethodPost, "/v1/jobs/1/retry"},
		} {
			if w := s.do(c[0], c[1], `{"kind":"film"}`, who); w.Code != status {
				t.Errorf("%q, %v: %d %s", who.ID, c, w.Code, w.Body)
			}
		}
	}
}

func TestARecorderThatRefusesLeavesNoJob(t *testing.T) {
	q := newQueue(t, "film")
	s := newSite(t, q)
	s.refuse = problem.Errorf(problem.ErrUnavailable, "no log")
	s.ask(http.StatusServiceUnavailable, http.MethodPost, "/v1/jobs", `{"kind":"film"}`)
	if _, err := q.Get(t.Context(), 1); !errors.Is(err, jobs.ErrNotFound) {
		t.Errorf("it is there: %v", err)
	}
	s.refuse = nil
	s.ask(http.StatusCreated, http.MethodPost, "/v1/jobs", `{"kind":"film"}`)
	s.refuse = problem.Errorf(problem.ErrUnavailable, "no log")
	page, err := q.List(t.Context(), jobs.Query{})
	if err != nil || len(page.Jobs) != 1 {
		t.Fatalf("%v, %v", page, err)
	}
	w := s.do(http.MethodDelete, "/v1/jobs/"+cmpID(page.Jobs[0]), "", admin)
	if j, err := q.Get(t.Context(), page.Jobs[0].ID); err != nil || w.Code != http.StatusServiceUnavailable || j.State != jobs.Waiting {
		t.Errorf("%d, %+v, %v", w.Code, j, err)
	}
}

func cmpID(j *jobs.Job) string {
	text, _ := json.Marshal(j.ID)
	return string(text)
}
