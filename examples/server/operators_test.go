package main

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func fetchFrom(t *testing.T, url, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	res, err := http.DefaultClient.Do(r) //nolint:forbidigo // the test has a timeout of its own
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body.String()
}

func TestOperatorsSeeMetricsAndTheAuditLogOnLoopback(t *testing.T) {
	url := runServer(t, config{audit: "drop"}, assets)
	fetchFrom(t, url+"health", "")
	if status, body := fetchFrom(t, url+"metrics", ""); status != 200 || !strings.Contains(body, "# TYPE streamgate_http_requests_total counter") {
		t.Errorf("/metrics: %d %.200s", status, body)
	}
	if status, body := fetchFrom(t, url+"v1/audit", ""); status != 200 || !strings.Contains(body, `"events":[`) {
		t.Errorf("/v1/audit: %d %.200s", status, body)
	}
}

func TestBehindAKeyOperatorsHaveAnAddressOfTheirOwn(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	admin := free.Addr().String()
	free.Close()
	url := runServer(t, config{key: testKey, adminAddr: admin, audit: "drop"}, assets)
	for _, path := range []string{"metrics", "v1/audit"} {
		if status, body := fetchFrom(t, url+path, ""); status == 200 {
			t.Errorf("/%s is public: %.200s", path, body)
		}
		if status, body := fetchFrom(t, "http://"+admin+"/"+path, ""); status != 200 {
			t.Errorf("/%s on the address for operators: %d %s", path, status, body)
		}
		if status, _ := fetchFrom(t, "http://"+admin+"/"+path, "evil.example"); status != http.StatusMisdirectedRequest {
			t.Errorf("/%s by another name: %d", path, status)
		}
	}
}

func verifyAudit(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, usage bytes.Buffer
	err := auditCommand(t.Context(), append([]string{"verify"}, args...), &out, &usage)
	return out.String() + usage.String(), err
}

func TestTheAuditLogOfRunsCanBeVerified(t *testing.T) {
	data, points := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "points")
	for range 2 {
		t.Run("a run", func(t *testing.T) {
			url := runServer(t, config{data: data, checkpoints: points}, assets)
			fetchFrom(t, url+"nothing/here", "")
		})
	}
	key, dir := filepath.Join(data, auditKey), filepath.Join(data, auditDir)
	out, err := verifyAudit(t, "-key", key, "-checkpoints", points, dir)
	if err != nil || !strings.Contains(out, "In good order: events 1 to 6 in 1 file") {
		t.Errorf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "audit-00000001.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"server.started", "path.not_found", "server.stopped"} {
		if n := bytes.Count(text, []byte(`"action":"`+action+`"`)); n != 2 {
			t.Errorf("%s is told %d times", action, n)
		}
	}
	// One that was cut off is not continued, as the checkpoints tell.
	kept, _, _ := bytes.Cut(text, []byte(`{"seal":2,`))
	if err := os.WriteFile(filepath.Join(dir, "audit-00000001.jsonl"), kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openAudit(config{data: data, audit: "drop", checkpoints: points}); err == nil || !strings.Contains(err.Error(), "mv "+dir) {
		t.Errorf("a log that was cut off: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "audit-00000001.jsonl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := verifyAudit(t, "-key", key, dir); err == nil || !strings.Contains(err.Error(), "nothing is proven") {
		t.Errorf("a log that was emptied: %v\n%s", err, out)
	}
}

func TestALogWithoutItsKeyIsNotContinuedWithAnother(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	t.Run("a run", func(t *testing.T) { runServer(t, config{data: data}, assets) })
	if err := os.Remove(filepath.Join(data, auditKey)); err != nil {
		t.Fatal(err)
	}
	if _, err := openAudit(config{data: data, audit: "drop"}); err == nil || !strings.Contains(err.Error(), "audit.key is missing") {
		t.Errorf("without its key: %v", err)
	}
	if _, err := os.Stat(filepath.Join(data, auditKey)); err == nil {
		t.Error("another key was made")
	}
}

func TestTheServerStartsWithoutAnAuditLog(t *testing.T) {
	url := runServer(t, config{audit: auditOff}, assets)
	if status, _ := fetchFrom(t, url+"v1/audit", ""); status != http.StatusNotFound {
		t.Errorf("/v1/audit: %d", status)
	}
}
