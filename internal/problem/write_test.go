package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/access"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/requestid"
)

var errTeapot error = problem.NewKind(http.StatusTeapot, "teapot", "I am a teapot")

func TestWriteTellsTheClientWhatItMayKnow(t *testing.T) {
	secret := errors.New("canary: the password is hunter2")
	tests := map[string]struct {
		err  error
		want map[string]any
	}{
		"a bare kind has its title": {
			errTeapot,
			map[string]any{"type": "urn:streamgate:problem:teapot", "title": "I am a teapot", "status": 418.0, "request_id": "r1"},
		},
		"a detail is shown": {
			problem.Errorf(errTeapot, "no coffee for %q", "ada"),
			map[string]any{
				"type": "urn:streamgate:problem:teapot", "title": "I am a teapot", "status": 418.0, "request_id": "r1",
				"detail": `no coffee for "ada"`,
			},
		},
		"a detail is shown through wrapping, and the wrapping is not": {
			fmt.Errorf("brewing for hunter2: %w", problem.Errorf(errTeapot, "no coffee")),
			map[string]any{
				"type": "urn:streamgate:problem:teapot", "title": "I am a teapot", "status": 418.0, "request_id": "r1",
				"detail": "no coffee",
			},
		},
		"a protocol's own type stands in place of the kind's": {
			&problem.Error{Kind: problem.KindOf(errTeapot), Type: "https://example.com/teapots#short-and-stout", Detail: "no coffee"},
			map[string]any{
				"type": "https://example.com/teapots#short-and-stout", "title": "I am a teapot", "status": 418.0, "request_id": "r1",
				"detail": "no coffee",
			},
		},
		"a cause is not shown": {
			problem.Because(errTeapot, secret, "no coffee"),
			map[string]any{
				"type": "urn:streamgate:problem:teapot", "title": "I am a teapot", "status": 418.0, "request_id": "r1",
				"detail": "no coffee",
			},
		},
		"fields are members and never replace the standard ones": {
			&problem.Error{Kind: errTeapot.(*problem.Kind), Fields: map[string]any{"offset": 7, "status": 200, "detail": "x", "retry_after": 1500 * time.Millisecond}},
			map[string]any{
				"type": "urn:streamgate:problem:teapot", "title": "I am a teapot", "status": 418.0, "request_id": "r1",
				"offset": 7.0, "retry_after": 2.0,
			},
		},
		"a field that is no JSON leaves the rest": {
			&problem.Error{Kind: errTeapot.(*problem.Kind), Fields: map[string]any{"f": func() {}}},
			map[string]any{"type": "urn:streamgate:problem:teapot", "title": "I am a teapot", "status": 418.0, "request_id": "r1"},
		},
		"an error of unknown kind says nothing of itself": {
			secret,
			map[string]any{
				"type": "urn:streamgate:problem:internal", "title": "Something went wrong", "status": 500.0, "request_id": "r1",
				"detail": "this is a fault of the server; its log tells more under the request id",
			},
		},
		"a body over its limit is 413": {
			fmt.Errorf("reading: %w", &http.MaxBytesError{Limit: 10}),
			map[string]any{
				"type": "urn:streamgate:problem:too-large", "title": "Too large", "status": 413.0, "request_id": "r1",
				"detail": "the body is larger than the 10 bytes that are accepted here", "limit": 10.0,
			},
		},
		"a read deadline is 408": {
			fmt.Errorf("reading: %w", os.ErrDeadlineExceeded),
			map[string]any{
				"type": "urn:streamgate:problem:request-timeout", "title": "The request took too long to arrive", "status": 408.0, "request_id": "r1",
				"detail": "the body stopped arriving; send it again, or resume it",
			},
		},
		"a deadline of the server's own is 503": {
			fmt.Errorf("asking: %w", context.DeadlineExceeded),
			map[string]any{
				"type": "urn:streamgate:problem:unavailable", "title": "Not available now", "status": 503.0, "request_id": "r1",
				"detail": "this was not done in time; try again later",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, entry := access.NewContext(requestid.NewContext(t.Context(), "r1"))
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
			w := httptest.NewRecorder()
			problem.Write(w, r, tt.err)

			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("%v in %q", err, w.Body)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if w.Code != int(tt.want["status"].(float64)) {
				t.Errorf("status %d", w.Code)
			}
			if !errors.Is(entry.Err(), tt.err) {
				t.Errorf("the access log got %v", entry.Err())
			}
		})
	}
}

func TestWriteSetsTheHeadersOfAProblem(t *testing.T) {
	r := httptest.NewRequest(http.MethodHead, "/", nil)
	w := httptest.NewRecorder()
	w.Header().Set("ETag", `"of the film"`)
	w.Header().Set("Content-Length", "1000000")
	w.Header().Set("Cache-Control", "public, immutable")
	problem.Write(w, r, &problem.Error{Kind: problem.ErrUnavailable.(*problem.Kind), Fields: map[string]any{problem.RetryAfter: 30}})

	want := http.Header{
		"Content-Type":           {"application/problem+json"},
		"Content-Length":         {"104"},
		"Cache-Control":          {"no-store"},
		"X-Content-Type-Options": {"nosniff"},
		"Retry-After":            {"30"},
	}
	if diff := cmp.Diff(want, w.Header()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if w.Body.Len() != 0 {
		t.Errorf("a HEAD has a body: %q", w.Body)
	}
}

func TestWriteCallsAClientThatLeftByItsName(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	problem.Write(w, r, problem.Because(problem.ErrUnavailable, ctx.Err(), "the disk did not answer"))
	if w.Code != 499 {
		t.Errorf("status %d, want 499", w.Code)
	}
}

func TestMethodSaysWhatIsPossible(t *testing.T) {
	r := httptest.NewRequest(http.MethodPut, "/", nil)
	w := httptest.NewRecorder()
	problem.Method(w, r, http.MethodGet, http.MethodHead)
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("status %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}
