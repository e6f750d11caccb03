package streamgate

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

const checkTimeout = 2 * time.Second

// check is what one dependency says.
type check struct {
	Status   string  `json:"status"` // "ok" or "failed"
	Error    string  `json:"error,omitempty"`
	Duration float64 `json:"duration"` // seconds
}

// serveHealth says that the process is alive, and nothing of what it needs: a
// restart would not help those.
func (g *Gate) serveHealth(w http.ResponseWriter, r *http.Request) {
	answerJSON(w, r, map[string]any{"status": "ok"})
}

// serveReady says whether to send requests here, and no more: it is open to all.
func (g *Gate) serveReady(w http.ResponseWriter, r *http.Request) {
	if _, err := g.readiness(r.Context()); err != nil {
		problem.Write(w, r, err)
		return
	}
	answerJSON(w, r, map[string]any{"status": "ready"})
}

// serveReadyInDetail adds what each dependency says.
func (g *Gate) serveReadyInDetail(w http.ResponseWriter, r *http.Request) {
	checks, err := g.readiness(r.Context())
	if err != nil {
		problem.Write(w, r, &problem.Error{
			Kind: problem.KindOf(err), Detail: "not ready", Cause: err, Fields: map[string]any{"checks": checks},
		})
		return
	}
	answerJSON(w, r, map[string]any{"status": "ready", "checks": checks})
}

// readiness is what the dependencies have said.
type readiness struct {
	checks map[string]check
	err    error
}

// readiness asks them at most once a second, whoever asks. That the Gate stops is
// known at once.
func (g *Gate) readiness(ctx context.Context) (map[string]check, error) {
	if !g.is(running) {
		return g.ready(ctx)
	}
	r, err := g.caches.ready.GetOrLoad(ctx, struct{}{}, func(ctx context.Context, _ struct{}) (readiness, error) {
		checks, err := g.ready(ctx)
		return readiness{checks, err}, nil
	})
	if err != nil {
		return nil, err
	}
	return r.checks, r.err
}

// ready asks each dependency. The error has the causes, for the log.
func (g *Gate) ready(ctx context.Context) (map[string]check, error) {
	checks := make(map[string]check)
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var errs []error
	for name, ask := range map[string]func(context.Context) error{
		"gate": g.askState, "storage": g.askStorage, "metadata": g.meta.Ping, "audit": g.askAudit,
	} {
		if name == "audit" && g.o.audit == nil {
			continue
		}
		begin := time.Now()
		err := ask(ctx)
		c := check{Status: "ok", Duration: time.Since(begin).Seconds()}
		if err != nil {
			c.Status, c.Error = "failed", err.Error()
			errs = append(errs, err)
		}
		checks[name] = c
	}
	if len(errs) > 0 {
		return checks, problem.Because(problem.ErrUnavailable, errors.Join(errs...), "not ready to serve")
	}
	return checks, nil
}

func (g *Gate) askState(context.Context) error {
	switch {
	case g.is(running):
		return nil
	case g.is(opened), g.is(starting):
		return errors.New("not started")
	}
	return errors.New("stopping")
}

// askAudit says whether requests are refused because the log cannot be written.
func (g *Gate) askAudit(context.Context) error { return g.o.audit.Err() }

// askStorage looks for what is not there: a store that answers says so.
func (g *Gate) askStorage(ctx context.Context) error {
	if _, err := g.files.Stat(ctx, "ready/probe"); !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	return nil
}

func answerJSON(w http.ResponseWriter, r *http.Request, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(append(body, '\n')) // a client that is gone needs no answer
}
