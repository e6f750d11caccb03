package streamgate_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/ratelimit"
)

// liveEvent is an event as it comes over SSE; ID is 0 for what is not repeated.
type liveEvent struct {
	ID   int64
	Type string
	Data map[string]any
}

// liveEvents reads the events of a stream until one is the last, and leaves.
func liveEvents(t *testing.T, c *client, after string, last func(liveEvent) bool) (list []liveEvent) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Test-User", c.user)
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var e liveEvent
	for s := bufio.NewScanner(res.Body); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), ": ")
		switch name {
		case "id":
			e.ID, err = strconv.ParseInt(value, 10, 64)
		case "event":
			e.Type = value
		case "data":
			var told struct{ Data map[string]any }
			err = json.Unmarshal([]byte(value), &told)
			e.Data = told.Data
		case "":
			if e.Type == "" {
				continue // a comment or a hint
			}
			list = append(list, e)
			if last(e) {
				return list
			}
			e = liveEvent{}
		}
		if err != nil {
			t.Fatalf("%q: %v", s.Text(), err)
		}
	}
	t.Fatalf("the stream ended after %+v", list)
	return nil
}

// TestEventsTellHowFarATranscodeIs follows a transcode, hangs up in the middle of it,
// and connects again when it is over: what was told meanwhile comes then, and nothing
// twice.
func TestEventsTellHowFarATranscodeIs(t *testing.T) {
	film := foreignFilm(t, "30")
	c := serve(t, startGate(t, t.TempDir(), streamgate.WithTranscoder(quick),
		streamgate.WithRateLimit("transcoder", ratelimit.Limit{Burst: 1e6, Rate: 1e6})), "")
	id := c.do(http.MethodPost, "/v1/uploads?filename=film.avi", bytes.NewReader(film)).want(t, http.StatusCreated).json(t)["asset_id"].(string)

	first := liveEvents(t, c, "0", func(e liveEvent) bool { return e.Type == "transcode.progress" })
	var after int64
	for _, e := range first {
		after = max(after, e.ID)
	}
	progress := first[len(first)-1]
	percent, known := progress.Data["percent"].(float64)
	if progress.ID != 0 || !known || percent < 0 || percent > 100 || progress.Data["speed"] == nil || progress.Data["seconds_left"] == nil {
		t.Errorf("progress is %+v", progress)
	}
	var rungs []string
	for _, r := range progress.Data["rungs"].([]any) {
		rung := r.(map[string]any)
		rungs = append(rungs, rung["name"].(string)+" "+rung["state"].(string))
		if done, ok := rung["percent"].(float64); !ok || done < 0 || done > 100 {
			t.Errorf("a rung is %v", rung)
		}
	}
	if d := cmp.Diff([]string{"120p processing", "240p processing"}, rungs); d != "" {
		t.Errorf("the rungs (-want +got):\n%s", d)
	}
	patiently(t, "it is over", func() bool {
		list := c.get("/v1/transcodes?asset="+id).want(t, http.StatusOK).json(t)["transcodes"].([]any)
		return list[0].(map[string]any)["state"] == "done"
	})

	second := liveEvents(t, c, strconv.FormatInt(after, 10), func(e liveEvent) bool { return e.Type == "transcode.done" })
	var ids []int64
	var types []string
	for _, e := range slices.Concat(first, second) {
		if e.ID > 0 {
			ids, types = append(ids, e.ID), append(types, e.Type)
		}
	}
	for i := range ids[1:] {
		if ids[i+1] <= ids[i] {
			t.Errorf("event %d comes after %d", ids[i+1], ids[i])
		}
	}
	all := liveEvents(t, c, "0", func(e liveEvent) bool { return e.Type == "transcode.done" })
	var want []string
	for _, e := range all {
		want = append(want, e.Type)
	}
	if d := cmp.Diff(want, types); d != "" {
		t.Errorf("both streams have not what one has (-one +both):\n%s", d)
	}
	if !slices.Contains(types, "transcode.submitted") || !slices.Contains(types, "asset.ready") {
		t.Errorf("they tell of %q", types)
	}
}
