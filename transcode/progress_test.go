package transcode_test

import (
	"sync"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
)

// TestProgressNeverGoesBack has several chunks encoded at the same time: what one task
// tells of the whole counts what the others have done.
func TestProgressNeverGoesBack(t *testing.T) {
	var mu sync.Mutex
	var told []events.Event
	o := smallOptions()
	o.AtOnce = 3
	o.Publish = func(e events.Event) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, e)
	}
	h := newHouse(t, t.TempDir(), o)
	a := h.over(h.send(longFilm(t), "").ID)
	if a.State != metadata.Ready {
		t.Fatalf("%+v", a)
	}
	mu.Lock()
	defer mu.Unlock()
	best, rungs := 0.0, map[string]float64{}
	for _, e := range told {
		percent := e.Data["percent"].(float64)
		if percent < best {
			t.Errorf("%v %% after %v %%", percent, best)
		}
		best = percent
		for _, r := range e.Data["rungs"].([]transcode.RungStatus) {
			if r.Percent < rungs[r.Name] {
				t.Errorf("%s: %v %% after %v %%", r.Name, r.Percent, rungs[r.Name])
			}
			rungs[r.Name] = r.Percent
		}
	}
	if len(rungs) != 2 || best < 90 {
		t.Errorf("it came to %v %%, with %v", best, rungs)
	}
}
