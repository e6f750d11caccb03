package media

import (
	"encoding/binary"
	"math"
)

// rewrittenEdit is the edit list of a rewritten track (ISO/IEC 14496-12 §8.6.6):
// what comes before the presentation on the track's own timeline is not shown, and
// neither is what comes after its end.
type rewrittenEdit struct {
	delay  int64 // ticks after the presentation's beginning at which the track sets in
	begin  int64 // media time that is shown then
	length int64 // ticks that are shown
}

// editOf places a track on the timeline of the presentation. Media time 0 is when
// the first sample is decoded.
func editOf(t *Track) rewrittenEdit {
	if len(t.Segments) == 0 {
		return rewrittenEdit{}
	}
	first := &t.Segments[0]
	e := rewrittenEdit{delay: max(first.Start, 0)}
	e.begin = e.delay + int64(t.Origin) - int64(first.Decode)
	e.length = max(int64(t.Duration)-e.delay, 0)
	return e
}

// edts is the box, and how long the track is in the movie's timescale.
func (rw *rewriter) edts(t *rewritten) (box []byte, duration int64) {
	delay, length := rw.movieTicks(t, t.edit.delay), rw.movieTicks(t, t.edit.length)
	var list []byte
	count := uint32(0)
	add := func(duration, time int64) {
		list = binary.BigEndian.AppendUint64(list, uint64(duration))
		list = binary.BigEndian.AppendUint64(list, uint64(time))
		list = binary.BigEndian.AppendUint32(list, 1<<16) // rate
		count++
	}
	if delay > 0 {
		add(delay, -1)
	}
	add(length, t.edit.begin)
	head := binary.BigEndian.AppendUint32([]byte{1, 0, 0, 0}, count)
	return makeBox("edts", makeBox("elst", head, list)), delay + length
}

// movieTicks rounds down: whoever rounds up on the way back, as this package does,
// gets the same time again.
func (rw *rewriter) movieTicks(t *rewritten, v int64) int64 {
	if v > math.MaxInt64/int64(rw.movie) {
		return int64(float64(v) * float64(rw.movie) / float64(t.Timescale))
	}
	return v * int64(rw.movie) / int64(t.Timescale)
}
