package streamgate_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/ratelimit"
)

// Row 24: what comes from outside makes no series.
func TestAttackRandomPathsMethodsAndHostsAsLabels(t *testing.T) {
	var opts []streamgate.Option
	for _, service := range []string{"gateway", "upload", "metadata", "streaming"} {
		opts = append(opts, streamgate.WithRateLimit(service, ratelimit.Limit{Burst: ratelimit.MaxBurst, Rate: ratelimit.MaxRate}))
	}
	g := startGate(t, t.TempDir(), append(opts, streamgate.WithAuthenticator(auth.Everybody("mallory")))...)
	n := 100_000
	if testing.Short() {
		t.Attr("short", "a tenth of them")
		n = 10_000
	}
	text := func() string { return fmt.Sprintf("%x\"\n\\", rand.Uint64()) }
	for i := range n {
		path := "/" + text()
		switch i % 4 {
		case 0:
			path = "/v1/assets/" + text()
		case 1:
			path = "/play/" + text() + "/" + text() + "/v1/0.m4s"
		case 2:
			path = "/v1/uploads/" + text() + "/complete"
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.Host = path, text()
		if i%8 < 4 {
			r.Method = strings.ToUpper(text())
		}
		g.ServeHTTP(httptest.NewRecorder(), r)
	}
	var out bytes.Buffer
	if _, err := g.Metrics().WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(out.Bytes(), []byte("\n")); lines > 1500 {
		t.Errorf("the exposition has %d lines", lines)
	}
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "streamgate_metrics_overflow_total{") && !strings.HasSuffix(line, " 0\n") {
			t.Errorf("it came to a limit, so something from outside is a label: %s", line)
		}
	}
}

// Row 27: what is secret in a request is nowhere else.
func TestAttackCanarySecrets(t *testing.T) {
	const canary = "canary-5e2f"
	var log bytes.Buffer
	who := func(r *http.Request) (auth.Principal, error) {
		if strings.Contains(r.Header.Get("Authorization"), "wrong") {
			return auth.Principal{}, fmt.Errorf("%w: %q", auth.ErrUnauthenticated, "these are no credentials") // not which
		}
		return auth.Principal{ID: "ann"}, nil
	}
	handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})
	g, file := auditing(t, streamgate.WithAuthenticator(who), streamgate.WithLogger(slog.New(handler)))
	admin := g.Admin()
	var answers strings.Builder
	for _, h := range []http.Handler{g, admin} {
		for _, c := range []struct{ method, path, body, auth string }{
			{http.MethodGet, "/v1/assets?token=" + canary, "", ""},
			{http.MethodGet, "/v1/assets?limit=1&access_token=" + canary, "", "wrong"},
			{http.MethodPost, "/v1/assets?key=" + canary, `{"password":"` + canary + `"}`, ""},
			{http.MethodPost, "/v1/uploads?sig=" + canary, canary, ""},
			{http.MethodPatch, "/v1/uploads/x?sig=" + canary, canary, ""},
			{http.MethodGet, "/play/x/master.m3u8?token=" + canary, "", ""},
			{http.MethodGet, "/nothing?token=" + canary, "", ""},
			{http.MethodPut, "/v1/cache/key?ttl=0&x=" + canary, canary, ""},
			{http.MethodPut, "/v1/cache/key", canary, ""},
			{http.MethodGet, "/v1/audit?secret=" + canary, "", ""},
			{http.MethodGet, "/metrics?token=" + canary, "", ""},
		} {
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			r.Header.Set("Authorization", "Bearer "+canary+c.auth)
			r.Header.Set("Cookie", "session="+canary)
			r.Header.Set("X-Api-Key", canary)
			r.Header.Set("Referer", "https://x.example/?token="+canary)
			r.Header.Set("User-Agent", canary)
			r.Header.Set("Traceparent", "00-"+canary+"-00f067aa0ba902b7-01")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			answers.WriteString(w.Body.String())
		}
	}
	if err := g.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	_, entries := told(t, file)
	var trail strings.Builder
	for _, e := range entries {
		trail.Write(e.Event.AppendJSON(nil))
	}
	var metrics bytes.Buffer
	if _, err := g.Metrics().WriteTo(&metrics); err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{
		"the log": log.String(), "the audit log": trail.String(), "the metrics": metrics.String(), "an answer": answers.String(),
	} {
		if text == "" {
			t.Errorf("%s is empty", where)
		}
		if i := strings.Index(text, canary); i >= 0 {
			t.Errorf("%s has a secret: …%s…", where, text[max(0, i-200):min(len(text), i+100)])
		}
	}
}
