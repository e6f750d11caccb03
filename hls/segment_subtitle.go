package hls

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/media"
)

const subtitleType = "text/vtt"

// timing is how subtitles are cut, and where they are on the clock of the media.
type timing struct {
	times []int64 // where segments begin and the last one ends, in microseconds of the presentation
	head  string  // of each segment
}

// newTiming has subtitles cut where t is. Cues are written in the time of the
// presentation, which begins at Origin on the decode timeline that the samples
// have: X-TIMESTAMP-MAP says so, in ticks of 90 kHz (RFC 8216bis §3.1.4).
func newTiming(t *media.Track) timing {
	zero := (microseconds(int64(t.Origin), t.Timescale)*9 + 50) / 100
	return timing{
		times: boundaries(t),
		head:  captions.Header + "\nX-TIMESTAMP-MAP=MPEGTS:" + strconv.FormatInt(zero, 10) + ",LOCAL:00:00:00.000\n",
	}
}

// span is what segment n shows. The last one also has what comes after it.
func (t *timing) span(n int) (from, to time.Duration) {
	from, to = time.Duration(t.times[n])*time.Microsecond, math.MaxInt64
	if n+2 < len(t.times) {
		to = time.Duration(t.times[n+1]) * time.Microsecond
	}
	return from, to
}

// cueList is cues that can be cut.
type cueList struct {
	cues []captions.Cue
	ends []time.Duration // the latest end of a cue up to this one
}

func newCueList(cues []captions.Cue) *cueList {
	l := &cueList{cues: cues, ends: make([]time.Duration, len(cues))}
	last := time.Duration(0)
	for i := range cues {
		last = max(last, cues[i].End)
		l.ends[i] = last
	}
	return l
}

// memory is about how many bytes it takes. The texts are parts of one string.
func (l *cueList) memory() int64 {
	n := int64(4096)
	for i := range l.cues {
		n += 100 + int64(len(l.cues[i].Text)+len(l.cues[i].Settings))
	}
	return n
}

// segment returns segment n: the cues of which something is shown while it
// plays. One that goes on is in the next segment too, with the same times and
// the same number, by which players see that it is the same.
func (l *cueList) segment(t *timing, n int) []byte {
	from, to := t.span(n)
	first, _ := slices.BinarySearchFunc(l.ends, from, func(end, from time.Duration) int {
		if end <= from {
			return -1
		}
		return 1
	})
	b := []byte(t.head)
	for i := first; i < len(l.cues) && l.cues[i].Start < to; i++ {
		if c := &l.cues[i]; c.End > from {
			b = captions.Append(b, i+1, c)
		}
	}
	return append(b, '\n')
}
