package upload_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/upload"
)

// panicking answers with 500 where h panics, as middleware does.
func panicking(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		h.ServeHTTP(w, r)
	})
}

func TestAHookThatPanicsLetsGoOfTheUpload(t *testing.T) {
	var armed atomic.Bool
	hook := func() {
		if armed.Swap(false) {
			panic("a hook is broken")
		}
	}
	o := &upload.Options{
		OnComplete: func(ctx context.Context, c *upload.Completed) error { hook(); return takeAsItIs(ctx, c) },
		Recorder:   events.RecorderFunc(func(context.Context, events.Event) error { hook(); return nil }),
	}
	for name, request := range map[string]func(h *house) answer{
		"as it creates": func(h *house) answer { return h.tus("POST", "", nil, "Upload-Length", "1000") },
		"as it completes": func(h *house) answer {
			url := h.want(h.tus("POST", "", nil, "Upload-Defer-Length", "1"), 201).location(h.t)
			h.want(h.patch(url, 0, film(1000)), 204)
			armed.Store(true)
			return h.do("POST", url+"/complete", nil)
		},
		"as it finds a committed blob": func(h *house) answer {
			url := h.tusCreate(1000)
			h.want(h.patch(url, 0, film(999)), 204)
			d, err := h.files.Append(h.t.Context(), h.upload(idOf(url)).Key)
			if err != nil {
				h.t.Fatal(err)
			}
			if err := d.Commit(h.t.Context()); err != nil {
				h.t.Fatal(err)
			}
			armed.Store(true)
			return h.tus("HEAD", url, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, o)
			h.http.Config.Handler = panicking(h.http.Config.Handler)
			armed.Store(name == "as it creates")
			h.want(request(h), 500)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := h.up.Drain(ctx); err != nil {
				t.Errorf("the upload is held by nobody for ever: %v", err)
			}
		})
	}
}

// brokenBody is a body of the application's own that panics.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { panic("a body is broken") }
func (brokenBody) Close() error             { return nil }

func TestABodyThatPanicsDoesSoInItsHandler(t *testing.T) {
	h := newHouse(t, nil)
	r := httptest.NewRequest("POST", "/v1/uploads", brokenBody{})
	w := httptest.NewRecorder()
	panicking(h.http.Config.Handler).ServeHTTP(w, r)
	if w.Code != 500 {
		t.Errorf("answered %d", w.Code)
	}
}
