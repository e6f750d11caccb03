package transcode

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// every are moments until an end.
func every(step, end time.Duration) (list []time.Duration) {
	for at := time.Duration(0); at < end; at += step {
		list = append(list, at)
	}
	return list
}

func TestFilmsWhoseFramesAreAllKeyFramesHavePlansThatCanBeRead(t *testing.T) {
	day := every(time.Second/50, 24*time.Hour)
	thin := thinned(day)
	if n := len(thin); n != 24*3600+1 || thin[0] != day[0] || thin[n-1] != day[len(day)-1] || !slices.IsSorted(thin) {
		t.Errorf("%d of %d are left, from %v to %v", n, len(day), thin[0], thin[n-1])
	}
	text, err := json.Marshal(planned{Keys: thin})
	if err != nil || len(text) > maxPlan/16 {
		t.Errorf("a plan of %d bytes: %v", len(text), err)
	}
	p := &Plan{source: Source{Video: &Video{}}}
	cuts := every(4*time.Second, 24*time.Hour)[1:]
	for name, keys := range map[string][]time.Duration{"all": day, "thinned": thin} {
		chunks := p.Chunks(cuts, keys, 24*time.Hour, 4)
		if n := len(chunks); n < 24*60 {
			t.Errorf("%s: %d chunks", name, n)
		}
		for _, c := range chunks {
			if c.Start-c.Key > time.Second {
				t.Errorf("%s: chunk %d is decoded from %v on, %v before it", name, c.Number, c.Key, c.Start-c.Key)
			}
		}
	}
	for name, keys := range map[string][]time.Duration{
		"none": nil, "one": {5}, "every two seconds": every(2*time.Second, time.Hour), "every half a second": every(time.Second/2, time.Hour),
	} {
		if got := thinned(keys); !slices.Equal(got, keys) {
			t.Errorf("%s: %d of %d are left", name, len(got), len(keys))
		}
	}
}
