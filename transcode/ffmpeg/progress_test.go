package ffmpeg

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProgressIsRead(t *testing.T) {
	for _, c := range []struct {
		name          string
		start, length time.Duration
		text          string
		want          Progress
	}{
		{
			"a report of a run whose length is known", 0, 20 * time.Second,
			"frame=125\nfps=62.50\nstream_0_0_q=28.0\nbitrate=  39.3kbits/s\ntotal_size=24663\nout_time_us=5000000\nout_time=00:00:05.000000\ndup_frames=1\ndrop_frames=2\nspeed=2.5x\nprogress=continue\n",
			Progress{Frame: 125, FPS: 62.5, Time: 5 * time.Second, Size: 24663, Speed: 2.5, Doubled: 1, Dropped: 2, Percent: 25, Left: 6 * time.Second},
		},
		{
			"one whose length is not known", 0, 0, "frame=1\nout_time_us=40000\nspeed=1x\nprogress=continue\n",
			Progress{Frame: 1, Time: 40 * time.Millisecond, Speed: 1, Percent: -1, Left: -1},
		},
		{
			"one that begins late", 60 * time.Second, 10 * time.Second, "out_time_us=65000000\nspeed=   5x\nprogress=continue\n",
			Progress{Time: 5 * time.Second, Speed: 5, Percent: 50, Left: time.Second},
		},
		{
			"the last one", 0, 10 * time.Second, "out_time_us=9960000\nspeed=3x\nprogress=end\n",
			Progress{Time: 9960 * time.Millisecond, Speed: 3, Percent: 100, Left: 0, Done: true},
		},
		{
			"one before anything was written", 0, 10 * time.Second, "frame=0\nfps=0.00\ntotal_size=N/A\nout_time_us=N/A\nout_time=N/A\nspeed=N/A\nprogress=continue\n",
			Progress{Left: -1},
		},
		{
			"one with a time before its start", 0, 10 * time.Second, "out_time_us=-9223372036854775808\nspeed=1x\nprogress=continue\n",
			Progress{Speed: 1, Left: 10 * time.Second},
		},
		{
			"one that is longer than was thought", 0, time.Second, "out_time_us=2000000\nspeed=1x\nprogress=continue\n",
			Progress{Time: 2 * time.Second, Speed: 1, Percent: 100},
		},
		{
			"numbers that are none", 0, 0, "frame=-5\nfps=inf\nspeed=nanx\ntotal_size=1e99\nprogress=continue\n",
			Progress{Percent: -1, Left: -1},
		},
		{
			"a line that never ends", 0, 0, strings.Repeat("x", 1<<20) + "\nframe=2\nprogress=continue\n",
			Progress{Frame: 2, Percent: -1, Left: -1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, step := range []int{len(c.text), 1, 7} {
				m := newMeter(c.start, c.length, nil)
				for rest := c.text; rest != ""; rest = rest[min(step, len(rest)):] {
					_, _ = m.Write([]byte(rest[:min(step, len(rest))]))
				}
				got, _ := m.now()
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%d bytes at a time (-want +got):\n%s", step, diff)
				}
			}
		})
	}
}

func TestOnlyProgressCountsAsSuch(t *testing.T) {
	m := newMeter(0, 0, nil)
	moves := func(text string) bool {
		_, before := m.now()
		_, _ = m.Write([]byte(text + "\nprogress=continue\n"))
		_, after := m.now()
		return before != after
	}
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"a first frame", "frame=1", true},
		{"the same again", "frame=1", false},
		{"the same, at another speed", "frame=1\nspeed=0.1x\nfps=3", false},
		{"more bytes", "total_size=100", true},
		{"a later time", "out_time_us=1000", true},
	} {
		if got := moves(c.text); got != c.want {
			t.Errorf("%s: progress is %v", c.name, got)
		}
	}
}

func FuzzProgress(f *testing.F) {
	f.Add("frame=1\nout_time_us=40000\nspeed=1x\nprogress=continue\n", int64(time.Second))
	f.Add("progress=end\n", int64(0))
	f.Add("speed=1e-300x\nprogress=continue\n", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, text string, length int64) {
		m := newMeter(0, time.Duration(length), func(p Progress) {
			if p.Percent > 100 || p.Percent < 0 && p.Percent != -1 || math.IsNaN(p.Percent) || math.IsNaN(p.Speed) || p.Left < -1 || p.Time < 0 || p.Frame < 0 || p.Size < 0 {
				t.Errorf("progress is %+v", p)
			}
		})
		_, _ = m.Write([]byte(text))
		if len(m.line) > longestLine {
			t.Errorf("%d bytes of a line are kept", len(m.line))
		}
	})
}
