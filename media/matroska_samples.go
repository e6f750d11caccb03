package media

import (
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

// reordered is how many frames a codec may hold back before it shows one, and
// as many more for good measure.
const reordered = 32

// matroskaSamples yields a track's frames as samples. A file of Matroska says
// only when a frame shows: the times at which frames are decoded are those same
// times, sorted.
type matroskaSamples struct {
	track *matroskaTrack
	clock clock
	usual int64 // ticks that the last frame of video lasts

	frames  frameReader
	waiting [reordered]raw // a ring: read, and not yet yielded
	head, n int
	sorted  []int64 // when those show
	last    int64   // video: decode time of the sample before
	expect  int64   // audio: where the packet before ends
	begun   bool
}

func (s *matroskaSamples) rewind() error {
	*s = matroskaSamples{track: s.track, clock: s.clock, usual: s.usual, frames: s.track.frames.reader(), sorted: s.sorted[:0]}
	return nil
}

func (s *matroskaSamples) next(r *raw) (bool, error) {
	if s.track.kind == matroskaAudioTrack {
		return s.sound(r), nil
	}
	for s.n < reordered && s.read() {
	}
	if s.n == 0 {
		return false, nil
	}
	*r = s.waiting[s.head]
	s.head, s.n = (s.head+1)%reordered, s.n-1
	show, at := r.decode, s.sorted[0]
	s.sorted = s.sorted[:copy(s.sorted, s.sorted[1:])]
	if s.begun {
		at = max(at, s.last)
	}
	length := s.usual
	if len(s.sorted) > 0 {
		length = max(s.sorted[0]-at, 0)
	}
	if show-at != int64(int32(show-at)) {
		return false, problem.Errorf(ErrInvalid, "the timestamps of track %d jump back", s.track.number)
	}
	r.decode, r.shift, r.duration = at, int32(show-at), uint32(min(length, math.MaxUint32))
	s.usual, s.last, s.begun = length, at, true
	return true, nil
}

// read takes the next frame of video into the ring.
func (s *matroskaSamples) read() bool {
	f := s.frames.next()
	if f == nil {
		return false
	}
	at := s.clock.ticks(f.stamp)
	if f.laced { // without a time of its own
		at = s.expect
	}
	s.expect = at + s.usual
	s.waiting[(s.head+s.n)%reordered] = raw{offset: f.offset, size: f.size, sync: f.sync, decode: at}
	s.n++
	i := len(s.sorted)
	s.sorted = append(s.sorted, at)
	for ; i > 0 && s.sorted[i-1] > at; i-- {
		s.sorted[i] = s.sorted[i-1]
	}
	s.sorted[i] = at
	return true
}

// sound yields the next packet. The timestamps of the file are rounded: a
// packet that is off by no more than that follows on the one before.
func (s *matroskaSamples) sound(r *raw) bool {
	f := s.frames.next()
	if f == nil {
		return false
	}
	length := int64(f.length)
	if s.clock.timescale != uint32(s.track.entry.sampleRate) {
		length = toTicks(int64(min(s.track.natural, nanoseconds)), s.clock.timescale)
	}
	at := s.expect
	if !f.laced {
		at = s.clock.ticks(f.stamp)
		if s.begun && length > 0 {
			rounding := toTicks(2*int64(s.clock.scale), s.clock.timescale)
			if slack := max(rounding, min(length/2, toTicks(jitter, s.clock.timescale))); at-s.expect <= slack && s.expect-at <= slack {
				at = s.expect
			}
		}
	}
	if s.begun {
		at = max(at, s.last)
	}
	*r = raw{offset: f.offset, size: f.size, sync: true, decode: at, duration: uint32(length)}
	s.expect, s.last, s.begun = at+length, at, true
	return true
}
