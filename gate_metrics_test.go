package streamgate_test

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/metrics"
)

func TestPrometheusFindsNoFaultWithTheMetricsOfAGate(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("promtool is not installed; make need installs it")
		}
		t.Skip("promtool is not installed; make need installs it")
	}
	g := startGate(t, t.TempDir())
	c, admin := serve(t, g, ""), serve(t, g.Admin(), "")
	id := c.upload()
	plays(t, c, c.base+"/play/"+id+"/master.m3u8")
	c.get("/v1/assets?q=x").want(t, http.StatusOK)
	c.get("/nothing/here%22%7D%0A").want(t, http.StatusNotFound)
	cmd := exec.CommandContext(t.Context(), tool, "check", "metrics")
	body := string(admin.get("/metrics").want(t, http.StatusOK).body)
	cmd.Stdin = strings.NewReader(body)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
	for _, want := range []string{
		`streamgate_uploads_created_total{protocol="body"} 1`,
		`streamgate_uploads_completed_total 1`,
		`streamgate_upload_duration_seconds_count 1`,
		`streamgate_search_results_count 1`,
		`streamgate_http_requests_total{service="gateway",route="/{path...}",method="GET",code="404"} 1`,
		`streamgate_http_requests_total{service="streaming",route="/play/{asset}/master.m3u8",method="GET",code="200"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(body, id) {
		t.Error("an id has become a label")
	}
}

func TestAnApplicationCountsInTheSameRegistry(t *testing.T) {
	r, err := metrics.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	own, err := r.Counter("app_things_total", "Things.")
	if err != nil {
		t.Fatal(err)
	}
	own.Inc()
	admin := serve(t, startGate(t, t.TempDir(), streamgate.WithMetrics(r)).Admin(), "")
	body := string(admin.get("/metrics").want(t, http.StatusOK).body)
	if !strings.Contains(body, "app_things_total 1") || !strings.Contains(body, "streamgate_http_requests_in_flight") {
		t.Errorf("%.500s", body)
	}
}
