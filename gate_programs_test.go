package streamgate_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/streamgate/streamgate"
)

// series are the values of a Gate's metrics, but for buckets.
func series(t *testing.T, g *streamgate.Gate) map[string]float64 {
	t.Helper()
	w := httptest.NewRecorder()
	g.Admin().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	values := map[string]float64{}
	for line := range strings.Lines(w.Body.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if !strings.Contains(line, "} ") {
			name, value, _ = strings.Cut(strings.TrimSpace(line), " ")
		} else {
			name += "}"
		}
		if v, err := strconv.ParseFloat(value, 64); err == nil && !strings.HasPrefix(line, "#") {
			values[name] = v
		}
	}
	return values
}

func TestTranscodesAndRunsOfFFmpegAreCounted(t *testing.T) {
	film := foreignFilm(t, "3")
	g := startGate(t, t.TempDir(), streamgate.WithTranscoder(quick))
	c := serve(t, g, "")
	c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(film)).want(t, http.StatusCreated)
	noise := append([]byte("RIFF\x00\x00\x01\x00AVI LIST"), bytes.Repeat([]byte("noise"), 1000)...)
	c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(noise)).want(t, http.StatusCreated)
	patiently(t, "one is done, the other has failed", func() bool {
		v := series(t, g)
		return v[`streamgate_transcodes_total{event="done"}`] == 1 && v[`streamgate_transcodes_total{event="failed"}`] == 1
	})
	v := series(t, g)
	for name, want := range map[string]float64{
		`streamgate_transcodes_total{event="submitted"}`:                    2,
		`streamgate_transcode_duration_seconds_count`:                       1,
		`streamgate_job_duration_seconds_count{kind="transcode-extras"}`:    1,
		`streamgate_ffmpeg_running`:                                         0,
		`streamgate_ffmpeg_scratch_bytes`:                                   0,
		`streamgate_job_attempts_total{kind="transcode-plan",state="done"}`: 1,
	} {
		if v[name] != want {
			t.Errorf("%s is %v, want %v", name, v[name], want)
		}
	}
	failures := 0.0
	for name, n := range v {
		if strings.HasPrefix(name, "streamgate_transcode_failures_total{") && !strings.Contains(name, "other") {
			failures += n
		}
	}
	if failures != 1 {
		t.Errorf("%v failures have a class", failures)
	}
	for _, name := range []string{
		`streamgate_ffmpeg_runs_total{program="ffmpeg",end="done"}`, `streamgate_ffmpeg_runs_total{program="ffprobe",end="done"}`,
		`streamgate_ffmpeg_run_duration_seconds_count{program="ffmpeg"}`, `streamgate_ffmpeg_speed_ratio_count`, `streamgate_ffmpeg_encoded_seconds_total`,
	} {
		if v[name] < 2 {
			t.Errorf("%s is %v", name, v[name])
		}
	}
}
