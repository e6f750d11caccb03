package streamgate_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/audit"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// auditing opens a log in a directory, and a Gate that writes to it.
func auditing(t *testing.T, opts ...streamgate.Option) (*streamgate.Gate, *audit.File) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := audit.OpenFile(t.TempDir(), key, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the Gate
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	log, err := audit.New([]audit.Sink{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return startGate(t, t.TempDir(), append(opts, streamgate.WithAudit(log))...), file
}

// told are the entries of a log as "action resource outcome", oldest first.
func told(t *testing.T, file *audit.File) (list []string, entries []audit.Entry) {
	t.Helper()
	page, err := file.Search(t.Context(), audit.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Backward(page.Entries) {
		list = append(list, strings.Join([]string{e.Action, e.Resource, string(e.Outcome)}, " "))
		entries = append(entries, e)
	}
	return list, entries
}

func TestTheAuditLogTellsWhoDidWhat(t *testing.T) {
	g, file := auditing(t)
	c := serve(t, g, "")
	id := c.upload()
	c.get("/v1/assets?q=x").want(t, http.StatusOK)
	c.do(http.MethodPatch, "/v1/assets/"+id, strings.NewReader(`{"title":"A\nB"}`), "Content-Type", "application/merge-patch+json")
	c.do(http.MethodPatch, "/v1/assets/"+id, strings.NewReader(`{"title":"Another"}`), "Content-Type", "application/merge-patch+json",
		"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "X-Request-ID", "the-request", "Authorization", "canary").want(t, http.StatusOK)
	c.do(http.MethodDelete, "/v1/assets/"+id, nil).want(t, http.StatusNoContent)
	for range 3 {
		c.get("/nothing/here/canary").want(t, http.StatusNotFound)
	}
	if err := g.Stop(context.Background()); err != nil { // writes down what was counted
		t.Fatal(err)
	}
	list, entries := told(t, file)
	want := []string{
		"upload.created asset/" + id + " success",
		"upload.completed asset/" + id + " success",
		"asset.searched  success",
		"asset.updated asset/" + id + " success",
		"asset.deleted asset/" + id + " success",
		"path.not_found  refused",
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	for _, e := range entries {
		if e.Address != "127.0.0.1" || e.Actor == "" && e.Action != "path.not_found" {
			t.Errorf("%s by %q from %q", e.Action, e.Actor, e.Address)
		}
		if line := string((&e.Event).AppendJSON(nil)); strings.Contains(line, "canary") {
			t.Errorf("a secret: %s", line)
		}
	}
	if e := entries[3]; e.TraceID != "0af7651916cd43dd8448eb211c80319c" || e.RequestID != "the-request" {
		t.Errorf("trace %q, request %q", e.TraceID, e.RequestID)
	}
	if e := entries[5]; len(e.Details) == 0 || e.Details[0].Key != "count" || e.Details[0].Value.String() != "3" {
		t.Errorf("what was counted: %v", e.Details)
	}
}

// flakySink is a sink that fails while it is told to.
type flakySink struct {
	audit.Sink
	mu  sync.Mutex
	err error
}

func (b *flakySink) Append(ctx context.Context, e *audit.Event, line []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	return b.Sink.Append(ctx, e, line)
}

func (b *flakySink) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func TestWhatCannotBeAuditedIsRefusedOrDroppedAsTheUserSays(t *testing.T) {
	for name, c := range map[string]struct {
		policy  audit.Policy
		status  int
		counted string
	}{
		"refused": {audit.Refuse, http.StatusServiceUnavailable, "streamgate_audit_refused_total"},
		"dropped": {audit.Drop, http.StatusNoContent, "streamgate_audit_dropped_total"},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &flakySink{Sink: nothing{}}
			log, err := audit.New([]audit.Sink{sink}, &audit.Options{Policy: c.policy, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			g := startGate(t, t.TempDir(), streamgate.WithAudit(log))
			client := serve(t, g, "")
			id := client.upload()
			sink.fail(errors.New("the disk is full"))
			ready := serve(t, g.Admin(), "")
			a := client.do(http.MethodDelete, "/v1/assets/"+id, nil)
			if a.StatusCode != c.status {
				t.Errorf("a deletion is answered %d, want %d: %s", a.StatusCode, c.status, a.body)
			}
			if got := ready.get("/ready").StatusCode; (got == http.StatusOK) != (c.policy == audit.Drop) {
				t.Errorf("/ready is %d", got)
			}
			if body := string(ready.get("/metrics").body); !strings.Contains(body, c.counted+" 1\n") {
				t.Errorf("no %s", c.counted)
			}
			sink.fail(nil)
			if got := client.get("/v1/assets/" + id).StatusCode; (got == http.StatusOK) != (c.policy == audit.Refuse) {
				t.Errorf("afterwards the asset is %d", got)
			}
		})
	}
}

type nothing struct{}

func (nothing) Append(context.Context, *audit.Event, []byte) error { return nil }

func TestOperatorsSearchTheAuditLog(t *testing.T) {
	g, _ := auditing(t)
	id := serve(t, g, "").upload()
	admin := serve(t, g.Admin(), "")
	page := admin.get("/v1/audit?action=upload.completed").want(t, http.StatusOK).json(t)
	list := page["events"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["resource"] != "asset/"+id {
		t.Errorf("%v", page)
	}
	wantProblem(t, serve(t, g, "").get("/v1/audit"), http.StatusNotFound) // not on the public plane
}

func TestWithoutAnAuditLogThereIsNoneToSearch(t *testing.T) {
	wantProblem(t, serve(t, startGate(t, t.TempDir()).Admin(), "").get("/v1/audit"), http.StatusNotFound)
}

func TestWrongCredentialsAreCountedInTheAuditLog(t *testing.T) {
	g, file := auditing(t, streamgate.WithAuthenticator(func(*http.Request) (auth.Principal, error) {
		return auth.Principal{}, auth.ErrUnauthenticated
	}))
	c := serve(t, g, "")
	for range 2 {
		c.get("/v1/assets").want(t, http.StatusUnauthorized)
	}
	if err := g.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	list, entries := told(t, file)
	if len(list) != 1 || list[0] != "auth.failed  refused" || entries[0].Address != "127.0.0.1" {
		t.Errorf("%q", list)
	}
}

// Who has something transcoded, and who ends that, is recorded once, with where the
// request came from; what was not done is not.
func TestTheAuditLogTellsOfTranscodes(t *testing.T) {
	film := foreignFilm(t, "1")
	g, file := auditing(t, streamgate.WithTranscoder(&transcode.Options{Look: time.Hour}),
		streamgate.WithFFmpeg(&ffmpeg.Options{Path: filepath.Join(t.TempDir(), "none")})) // so that it waits
	c := serve(t, g, "")
	created := c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(film)).want(t, http.StatusCreated).json(t)
	id := created["asset_id"].(string)
	list := c.get("/v1/transcodes?asset="+id).want(t, http.StatusOK).json(t)["transcodes"].([]any)
	one := "/v1/transcodes/" + list[0].(map[string]any)["id"].(string)
	c.do(http.MethodPost, "/v1/transcodes", strings.NewReader(`{"asset":"`+id+`"}`), "Content-Type", "application/json").want(t, http.StatusConflict)
	for range 2 { // the second finds that it has ended
		c.do(http.MethodDelete, one, nil).want(t, http.StatusNoContent)
	}
	if err := g.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	var got []string
	_, entries := told(t, file)
	for _, e := range entries {
		if strings.HasPrefix(e.Action, "transcode.") {
			got = append(got, strings.Join([]string{e.Action, e.Resource, string(e.Outcome), e.Actor, e.Address}, " "))
		}
	}
	want := []string{
		"transcode.submitted asset/" + id + " success ada 127.0.0.1",
		"transcode.canceled asset/" + id + " success ada 127.0.0.1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
