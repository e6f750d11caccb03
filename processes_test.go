package streamgate_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/pgtest"
)

// follow reads the events that a process tells, until the test ends.
func (c *client) follow(lastID string) <-chan map[string]any {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.base+"/v1/events", http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Test-User", c.user)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	heard := make(chan map[string]any, 10_000)
	go func() {
		defer close(heard)
		defer res.Body.Close()
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var e map[string]any
				if json.Unmarshal([]byte(data), &e) == nil {
					heard <- e
				}
			}
		}
	}()
	return heard
}

// hear waits until all types were heard of an asset, and says how often each was.
func hear(t *testing.T, heard <-chan map[string]any, asset string, types ...string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for late := time.After(5 * time.Minute); ; {
		left := 0
		for _, kind := range types {
			if counts[kind] == 0 {
				left++
			}
		}
		if left == 0 {
			return counts
		}
		select {
		case e, open := <-heard:
			if !open {
				t.Fatalf("the stream ended; heard were %v, wanted %v", counts, types)
			}
			if e["asset"] == asset {
				counts[e["type"].(string)]++
			}
		case <-late:
			t.Fatalf("heard within five minutes: %v, wanted %v", counts, types)
		}
	}
}

// TestAnyProcessTellsOfWhatHappensElsewhere has three processes: one takes a file in,
// all may work on it, and whoever listens at another hears of all of it.
func TestAnyProcessTellsOfWhatHappensElsewhere(t *testing.T) {
	film := foreignFilm(t, "60")
	dsn, dir := pgtest.Database(t), t.TempDir()
	var all []*worker
	for range 3 {
		w := startWorker(t, dsn, dir, 20*time.Second)
		defer w.kill()
		all = append(all, w)
	}
	var heard []<-chan map[string]any
	for _, w := range all {
		heard = append(heard, w.follow(""))
	}
	created := all[0].do(http.MethodPost, "/v1/uploads?filename=film.avi", bytes.NewReader(film)).want(t, http.StatusCreated).json(t)
	id := created["asset_id"].(string)
	for i, h := range heard {
		counts := hear(t, h, id, "upload.completed", "transcode.submitted", "transcode.progress", "asset.ready", "transcode.done")
		for _, once := range []string{"upload.completed", "transcode.submitted", "asset.ready", "transcode.done"} {
			if counts[once] != 1 {
				t.Errorf("process %d told %d times of %s", i, counts[once], once)
			}
		}
	}
	// Who was away hears of it from any of them.
	counts := hear(t, all[1].follow("0"), id, "transcode.submitted", "transcode.done")
	if counts["transcode.done"] != 1 {
		t.Errorf("told again: %v", counts)
	}
	for _, w := range all {
		w.stop()
	}
}
