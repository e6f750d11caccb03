package main

import (
	"bytes"
	"net"
	"net/http"
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
	url := runServer(t, config{}, assets)
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
	url := runServer(t, config{key: testKey, adminAddr: admin}, assets)
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

func TestTheAuditLogOfARunCanBeVerified(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	t.Run("a run", func(t *testing.T) {
		url := runServer(t, config{data: data, audit: "drop"}, assets)
		fetchFrom(t, url+"nothing/here", "")
	})
	var out, usage bytes.Buffer
	err := auditCommand(t.Context(), []string{"verify", "-key", filepath.Join(data, auditKey), filepath.Join(data, auditDir)}, &out, &usage)
	if err != nil || !strings.Contains(out.String(), "In good order: events 1 to ") {
		t.Errorf("%v\n%s%s", err, &out, &usage)
	}
}

func TestTheServerStartsWithoutAnAuditLog(t *testing.T) {
	url := runServer(t, config{audit: auditOff}, assets)
	if status, _ := fetchFrom(t, url+"v1/audit", ""); status != http.StatusNotFound {
		t.Errorf("/v1/audit: %d", status)
	}
}
