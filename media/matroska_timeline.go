package media

import (
	"math"
	"math/bits"

	"github.com/streamgate/streamgate/internal/problem"
)

const (
	nanoseconds = 1_000_000_000 // a second
	coarse      = 90000         // ticks a second of tracks that no other clock fits
	gridSlack   = 2             // ticks of the file by which frames at a steady rate may be off it
	jitter      = 10_000_000    // ns by which a packet of sound may be off, and still follow on the one before
)

// clock turns timestamps of the file into ticks of a track.
type clock struct {
	first     int64  // timestamp of the presentation's beginning
	scale     uint64 // ns that a tick of the file takes
	timescale uint32
	frame     int64 // ticks that each frame of video lasts; 0 where they follow no grid
	anchor    int64 // ticks of the grid's beginning
}

// ticks is when a frame shows.
func (c *clock) ticks(stamp int64) int64 {
	t := toTicks((stamp-c.first)*int64(c.scale), c.timescale)
	if c.frame > 0 {
		k := math.Round(float64(t-c.anchor) / float64(c.frame))
		t = c.anchor + int64(k)*c.frame
	}
	return t
}

// toTicks is ns, of a week at most, in ticks, rounded to the nearest.
func toTicks(ns int64, timescale uint32) int64 {
	if ns < 0 {
		return -toTicks(-ns, timescale)
	}
	hi, lo := bits.Mul64(uint64(ns), uint64(timescale))
	lo, carry := bits.Add64(lo, nanoseconds/2, 0)
	return int64(divide(hi+carry, lo, nanoseconds))
}

// toNanoseconds is the reverse, rounded down.
func toNanoseconds(ticks int64, timescale uint32) uint64 {
	hi, lo := bits.Mul64(uint64(max(ticks, 0)), nanoseconds)
	return divide(hi, lo, uint64(timescale))
}

// divide is a quotient of at most 62 bits: what would be more is beyond all
// reason, and refused later.
func divide(hi, lo, by uint64) uint64 {
	const most = 1 << 62
	if hi >= by {
		return most
	}
	q, _ := bits.Div64(hi, lo, by)
	return min(q, most)
}

// present makes a choice of a track: its timescale, its samples, and as an edit
// what of them is played.
func (m *matroska) present(t *matroskaTrack) (*choice, error) {
	if t.final-m.first > maxDuration*nanoseconds/int64(m.scale) {
		return nil, problem.Errorf(ErrInvalid, "track %d goes on for longer than a week", t.number)
	}
	k := clock{first: m.first, scale: m.scale}
	s := &matroskaSamples{track: t}
	if t.kind == matroskaVideoTrack {
		k.video(t)
		s.usual = k.frame
		if s.usual == 0 {
			s.usual = toTicks(int64(min(t.natural, nanoseconds)), k.timescale)
		}
	} else {
		k.sound(t)
	}
	s.clock = k
	c := &choice{samples: s, entries: []entry{t.entry}, prefix: Prefix{t.strippedAt, len(t.stripped)}}
	c.trak = &trak{
		handler: t.handler(), id: uint32(t.number), enabled: t.standard, language: t.language, name: t.name, timescale: k.timescale,
		matrix: upright,
	}
	if t.kind == matroskaVideoTrack {
		p := picture(t.video)
		c.trak.matrix = p.matrix()
	}
	if t.kind == matroskaAudioTrack && (t.delay > 0 || t.discard > 0) {
		c.trak.edits = s.edits()
	}
	return c, nil
}

// sound has the clock of an audio track tick with its samples.
func (c *clock) sound(t *matroskaTrack) {
	c.timescale = c.natural()
	if r := t.entry.sampleRate; r > 0 && r <= 1<<20 && (t.fixed > 0 || t.length != nil) {
		c.timescale = uint32(r)
	}
}

// natural is the clock of the file, where one that ticks so often will do.
func (c *clock) natural() uint32 {
	if c.scale <= 1_000_000 && nanoseconds%c.scale == 0 && nanoseconds/c.scale <= 1_000_000 {
		return uint32(nanoseconds / c.scale)
	}
	return coarse
}

// video finds the clock of a video track. Frames whose timestamps were rounded
// from a steady rate are put back on it.
func (c *clock) video(t *matroskaTrack) {
	c.timescale = c.natural()
	num, frame := steadyRate(t.natural)
	if num == 0 {
		return
	}
	grid := *c
	grid.timescale, grid.frame = num, frame
	first := t.first
	least, most := 0.0, 0.0
	for r := t.frames.reader(); ; {
		f := r.next()
		if f == nil {
			break
		}
		if f.laced {
			return
		}
		at := float64(f.stamp-first) * float64(c.scale) / nanoseconds * float64(num) / float64(frame)
		off := at - math.Round(at) // in frames
		least, most = min(least, off), max(most, off)
	}
	tick := float64(c.scale) / nanoseconds * float64(num) / float64(frame) // in frames
	if most-least > gridSlack*tick || most-least > 0.5 {
		return
	}
	middle := (least + most) / 2 * float64(frame)
	grid.anchor = toTicks((first-c.first)*int64(c.scale), num) + int64(math.Round(middle))
	*c = grid
}

// steadyRate is a frame rate as ticks a second and ticks a frame, by how many
// ns a frame lasts: one of 1000/1001 or of a whole number of frames a second
// though it was rounded, or else one that is told exactly. 0 is none.
func steadyRate(ns uint64) (timescale uint32, frame int64) {
	const (
		rounded = 500 // ns
		exact   = 1
	)
	if ns < nanoseconds/1000 || ns > 60*nanoseconds {
		return 0, 0
	}
	for _, c := range []struct {
		frame, step, slack uint64
	}{{1001, 1000, rounded}, {1000, 1000, rounded}, {1000, 1, exact}} {
		num := (c.frame*nanoseconds/ns + c.step/2) / c.step * c.step
		if num == 0 {
			continue
		}
		if back := c.frame * nanoseconds / num; back+c.slack >= ns && back <= ns+c.slack {
			return uint32(num), int64(c.frame)
		}
	}
	return 0, 0
}

// edits leave out what CodecDelay says that the encoder put before the sound,
// and DiscardPadding after it (RFC 9559 §5.1.4.1.22, §5.1.3.5.7).
func (s *matroskaSamples) edits() []edit {
	_ = s.rewind()
	var r raw
	begin, end, begun := int64(0), int64(0), false
	for {
		more, _ := s.next(&r)
		if !more {
			break
		}
		if !begun {
			begin, begun = r.decode, true
		}
		end = r.decode + int64(r.duration)
	}
	scale := s.clock.timescale
	delay := toTicks(int64(min(s.track.delay, nanoseconds)), scale)
	e := edit{time: begin + delay}
	if d := s.track.discard; d > 0 && d <= nanoseconds {
		end -= toTicks(d, scale)
		if end <= e.time {
			return nil
		}
		e.duration = toNanoseconds(end-e.time, scale)
	}
	list := []edit{e}
	if begin > 0 {
		list = []edit{{duration: toNanoseconds(begin, scale), time: -1}, e}
	}
	return list
}
