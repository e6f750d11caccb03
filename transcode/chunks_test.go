package transcode_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode"
)

func planOf(t testing.TB, change ...func(*transcode.Source)) transcode.Plan {
	t.Helper()
	p, err := transcode.Ladder(film("matroska,webm", "vp8", 1280, 720, change...), transcode.DefaultProfile())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCuts(t *testing.T) {
	cases := []struct {
		name  string
		plan  transcode.Plan
		end   time.Duration
		first []time.Duration // of the cuts
		count int
	}{
		{"25 frames a second are cut at six seconds", planOf(t), time.Minute, []time.Duration{6 * time.Second, 12 * time.Second}, 9},
		{"29.97 are cut at 180 frames", planOf(t, rate(30000, 1001)), time.Minute, []time.Duration{6006 * time.Millisecond, 12012 * time.Millisecond}, 9},
		{"59.94 are cut where small rungs have a frame", planOf(t, rate(60000, 1001)), time.Minute, []time.Duration{6006 * time.Millisecond, 12012 * time.Millisecond}, 9},
		{"23.976 are cut at 144 frames", planOf(t, rate(24000, 1001)), time.Minute, []time.Duration{6006 * time.Millisecond, 12012 * time.Millisecond}, 9},
		{"a frame in ten seconds is a segment", planOf(t, rate(1, 10)), time.Minute, []time.Duration{10 * time.Second, 20 * time.Second}, 5},
		{"a variable rate is cut by the clock", planOf(t, varying), time.Minute, []time.Duration{6 * time.Second, 12 * time.Second}, 9},
		{"the grid begins with the first picture", planOf(t, func(s *transcode.Source) { s.Video.Start = time.Second }), time.Minute, []time.Duration{7 * time.Second, 13 * time.Second}, 9},
		{"no segment at the end is shorter than half of one", planOf(t), 20900 * time.Millisecond, []time.Duration{6 * time.Second, 12 * time.Second}, 2},
		{"a recording of which nobody knows how long it is, is cut for twelve hours", planOf(t), 0, []time.Duration{6 * time.Second}, 7199},
		{"what is short is one segment", planOf(t), 8 * time.Second, nil, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cuts := c.plan.Cuts(c.end)
			if len(cuts) != c.count {
				t.Fatalf("%d cuts, want %d: %v", len(cuts), c.count, cuts)
			}
			if diff := cmp.Diff(c.first, cuts[:len(c.first)], cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() < time.Microsecond })); diff != "" {
				t.Errorf("the first cuts (-want +got):\n%s", diff)
			}
		})
	}
}

// every makes a list of moments, one in each step from 0 until end.
func every(step, end time.Duration) (list []time.Duration) {
	for at := time.Duration(0); at < end; at += step {
		list = append(list, at)
	}
	return list
}

func outline(chunks []transcode.Chunk) string {
	var b strings.Builder
	for _, c := range chunks {
		fmt.Fprintf(&b, "%g@%g ", c.Start.Seconds(), c.Key.Seconds())
	}
	return b.String()
}

func TestChunks(t *testing.T) {
	const second, minute = time.Second, time.Minute
	cases := []struct {
		name    string
		plan    transcode.Plan
		keys    []time.Duration
		end     time.Duration
		workers int
		want    string // start@key
	}{
		{"two minutes for two workers", planOf(t), every(2*second, 2*minute), 2 * minute, 2, "0@0 12@12 36@36 60@60 84@84 108@108 "},
		{
			"ten minutes for one worker are chunks of a minute", planOf(t), every(6*second, 10*minute), 10 * minute, 1,
			"0@0 12@12 72@72 132@132 192@192 252@252 312@312 372@372 432@432 492@492 552@552 ",
		},
		{
			"key frames that are rare draw boundaries to them", planOf(t), every(20*second, 4*minute), 4 * minute, 1,
			"0@0 24@20 84@80 144@140 204@200 ",
		},
		{"a source with one key frame is one chunk", planOf(t), []time.Duration{0}, 10 * minute, 4, "0@0 "},
		{"a source that nothing can seek in is one chunk", planOf(t), nil, 10 * minute, 4, "0@0 "},
		{"a recording of which nobody knows how long it is goes by its key frames", planOf(t), every(2*second, 50*second), 0, 4, "0@0 12@12 36@36 "},
		{"what is short is one chunk", planOf(t), every(second, 14*second), 14 * second, 4, "0@0 "},
		{"what is interlaced is decoded from a frame before", planOf(t, interlaced), every(2*second, 50*second), 50 * second, 4, "0@0 12@10 36@34 "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			chunks := c.plan.Chunks(c.plan.Cuts(c.end), c.keys, c.end, c.workers)
			if diff := cmp.Diff(c.want, outline(chunks)); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
		})
	}
}

// TestChunksHoldEverythingOnce holds for whatever a source has.
func TestChunksHoldEverythingOnce(t *testing.T) {
	plan := planOf(t)
	rapid.Check(t, func(t *rapid.T) {
		end := time.Duration(rapid.Int64Range(1, int64(3*time.Hour)).Draw(t, "end"))
		keys := []time.Duration{0}
		for len(keys) < 5000 && keys[len(keys)-1] < end {
			keys = append(keys, keys[len(keys)-1]+time.Duration(rapid.Int64Range(int64(time.Second/50), int64(30*time.Second)).Draw(t, "group")))
		}
		workers := rapid.IntRange(0, 64).Draw(t, "workers")
		cuts := plan.Cuts(end)
		var begins []time.Duration
		at := time.Duration(0)
		for i, c := range plan.Chunks(cuts, keys, end, workers) {
			if c.Number != i || c.Start != at || c.Key > c.Start {
				t.Fatalf("chunk %d is %+v, and begins after %v", i, c, at)
			}
			if i > 0 {
				begins = append(begins, c.Start)
			}
			begins = append(begins, c.Cuts...)
			at = c.End
			if c.Lasts < 0 || c.Lasts > 3*time.Minute && end < time.Hour {
				t.Fatalf("chunk %d lasts %v", i, c.Lasts)
			}
		}
		if at != 0 {
			t.Fatalf("the last chunk ends at %v and not with the file", at)
		}
		if diff := cmp.Diff(cuts, begins); diff != "" {
			t.Fatalf("segments (-cuts +of chunks):\n%s", diff)
		}
	})
}

func TestCutsOfASourceThatPlays(t *testing.T) {
	ix := &media.Index{Tracks: []*media.Track{
		{Kind: media.Audio, Timescale: 48000, Segments: make([]media.Segment, 9)},
		{Kind: media.Video, Timescale: 30000, Segments: []media.Segment{{Start: 1001}, {Start: 181181}, {Start: 300300}}},
	}}
	got := transcode.CutsOf(ix, 40*time.Millisecond)
	want := []time.Duration{6046 * time.Millisecond, 40*time.Millisecond + 9976633333}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cuts (-want +got):\n%s", diff)
	}
	if got := transcode.CutsOf(&media.Index{}, 0); got != nil {
		t.Errorf("cuts of nothing: %v", got)
	}
}
