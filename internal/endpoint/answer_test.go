package endpoint_test

import (
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
)

func TestAnAnswerIsJSON(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		t.Run(method, func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := endpoint.WriteJSON(w, httptest.NewRequest(method, "/", http.NoBody), http.StatusCreated, map[string]string{"a": "<b> & c"}); err != nil {
				t.Fatal(err)
			}
			want := `{"a":"<b> & c"}` + "\n"
			if method == http.MethodHead {
				want = ""
			}
			if w.Code != http.StatusCreated || w.Body.String() != want {
				t.Errorf("%d %q", w.Code, w.Body)
			}
			if diff := cmp.Diff(http.Header{
				"Content-Type": {"application/json"}, "Content-Length": {"16"}, "X-Content-Type-Options": {"nosniff"},
			}, w.Header()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnAnswerThatCannotBeWrittenIsAnError(t *testing.T) {
	w := httptest.NewRecorder()
	if err := endpoint.WriteJSON(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody), http.StatusOK, math.NaN()); err == nil || len(w.Header()) > 0 {
		t.Errorf("%v, after %v", err, w.Header())
	}
}

func TestALocationResolvesAgainstWhatWasAskedFor(t *testing.T) {
	for name, c := range map[string]struct{ asked, stripped, wants string }{
		"with a slash":    {"/v1/things/", "/v1/things", "/v1/things/7"},
		"without":         {"/v1/things", "/v1/things", "/v1/things/7"},
		"with a colon":    {"/v1/things:all", "/v1/things:all", "/v1/things:all/7"},
		"with a query":    {"/v1/things?a=b/c", "/v1/things", "/v1/things/7"},
		"at the root":     {"/", "", "/7"},
		"with an escape":  {"/my%20app/things", "/my app", "/my%20app/things/7"},
		"nothing is left": {"/things", "/things", "/things/7"},
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			h := http.StripPrefix(c.stripped, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				u, err := httptest.NewRequest(http.MethodGet, c.asked, http.NoBody).URL.Parse(endpoint.Location(r, "7"))
				if err != nil {
					t.Fatal(err)
				}
				got = u.EscapedPath()
			}))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, c.asked, http.NoBody))
			if got != c.wants {
				t.Errorf("%s, want %s", got, c.wants)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	m := endpoint.Methods[int]{
		http.MethodGet:  func(w http.ResponseWriter, _ *http.Request, key int) error { w.WriteHeader(key); return nil },
		http.MethodPost: func(http.ResponseWriter, *http.Request, int) error { return problem.Errorf(problem.ErrNotFound, "no") },
		http.MethodHead: func(http.ResponseWriter, *http.Request, int) error { return errors.New("not told") },
	}
	const allow = "GET, HEAD, POST, OPTIONS"
	for method, c := range map[string]struct {
		status int
		allow  string
	}{
		http.MethodGet:     {http.StatusAccepted, ""},
		http.MethodPost:    {http.StatusNotFound, ""},
		http.MethodHead:    {http.StatusInternalServerError, ""},
		http.MethodOptions: {http.StatusNoContent, allow},
		http.MethodDelete:  {http.StatusMethodNotAllowed, allow},
		"get":              {http.StatusMethodNotAllowed, allow},
	} {
		t.Run(method, func(t *testing.T) {
			w := httptest.NewRecorder()
			m.Serve(w, httptest.NewRequest(method, "/", http.NoBody), http.StatusAccepted)
			if w.Code != c.status || w.Header().Get("Allow") != c.allow {
				t.Errorf("%d, Allow %q; want %d, %q", w.Code, w.Header().Get("Allow"), c.status, c.allow)
			}
		})
	}
}
