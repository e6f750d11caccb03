package streamgate_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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

// course is how far a transcode has come, as a process tells it.
type course struct {
	percent float64
	rungs   map[string]float64
	speeds  int // how often there was a speed
	left    int // how often a time left
}

// goesOn takes what is told next.
func (c *course) goesOn(t *testing.T, who string, told map[string]any) {
	t.Helper()
	number := func(v any) float64 { n, _ := v.(float64); return n }
	percent := number(told["percent"])
	if percent < c.percent || percent > 100 {
		t.Errorf("%s tells %v %% after %v %%", who, percent, c.percent)
	}
	c.percent = percent
	if c.rungs == nil {
		c.rungs = map[string]float64{}
	}
	rungs, _ := told["rungs"].([]any)
	for _, r := range rungs {
		rung := r.(map[string]any)
		name, percent := rung["name"].(string), number(rung["percent"])
		if percent < c.rungs[name] || percent > 100 {
			t.Errorf("%s tells %v %% of %s after %v %%", who, percent, name, c.rungs[name])
		}
		c.rungs[name] = percent
	}
	if number(told["speed"]) > 0 {
		c.speeds++
	}
	if number(told["seconds_left"]) > 0 {
		c.left++
	}
}

// courses asks processes in turn how far a transcode is, until each says that it is done,
// and has heard what they tell live.
func courses(t *testing.T, all []*worker, asset string) []course {
	t.Helper()
	var live []<-chan map[string]any
	for _, w := range all {
		live = append(live, w.follow(""))
	}
	asked, heard := make([]course, len(all)), make([]course, len(all))
	patiently(t, "it is over, and all tell so", func() bool {
		over := 0
		for i, w := range all {
			list := w.get("/v1/transcodes?asset="+asset).want(t, http.StatusOK).json(t)["transcodes"].([]any)
			is := list[0].(map[string]any)
			asked[i].goesOn(t, fmt.Sprintf("process %d, when asked,", i), is)
			if is["state"] == "done" {
				over++
			}
			for more := true; more; {
				select {
				case e := <-live[i]:
					if e["type"] == "transcode.progress" && e["asset"] == asset {
						heard[i].goesOn(t, fmt.Sprintf("process %d, live,", i), e["data"].(map[string]any))
					}
				default:
					more = false
				}
			}
		}
		return over == len(all)
	})
	return asked
}

// TestAnyProcessSaysHowFarATranscodeIs has two processes, of which one encodes a film, in
// one piece, and then both the chunks of another.
func TestAnyProcessSaysHowFarATranscodeIs(t *testing.T) {
	chunks, whole := foreignFilm(t, "60"), wholeFilm(t)
	dsn, dir := pgtest.Database(t), t.TempDir()
	var all []*worker
	for range 2 {
		w := startWorker(t, dsn, dir, 20*time.Second)
		defer w.kill()
		all = append(all, w)
	}
	id := all[0].do(http.MethodPost, "/v1/uploads?filename=whole.mp4", bytes.NewReader(whole)).want(t, http.StatusCreated).json(t)["asset_id"].(string)
	all[0].do(http.MethodPost, "/v1/transcodes", strings.NewReader(`{"asset":"`+id+`","profile":"slow"}`), "Content-Type", "application/json").want(t, http.StatusCreated)
	for i, c := range courses(t, all, id) {
		if c.speeds == 0 || c.left == 0 {
			t.Errorf("process %d has told of a speed %d times, and of the time left %d times", i, c.speeds, c.left)
		}
	}
	id = all[0].do(http.MethodPost, "/v1/uploads?filename=film.avi", bytes.NewReader(chunks)).want(t, http.StatusCreated).json(t)["asset_id"].(string)
	courses(t, all, id)
	for _, w := range all {
		w.stop()
	}
}

// wholeFilm is one that plays, and cannot be cut: it has one key frame.
func wholeFilm(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whole.mp4")
	options := "-v error -f lavfi -i testsrc2=s=320x240:r=25:d=40 -c:v libx264 -preset ultrafast -g 9999 -sc_threshold 0 -pix_fmt yuv420p " + path
	if out, err := exec.Command("ffmpeg", strings.Fields(options)...).CombinedOutput(); err != nil { //nolint:gosec // options of this test
		t.Fatalf("%v: %s", err, out)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
