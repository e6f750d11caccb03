package mpegts

import (
	"encoding/binary"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

// unit is what one PES packet carries: a picture, or some frames of audio.
type unit struct {
	from, to int // samples
	size     int // of the payload
	pts, dts int64
	sets     []byte // parameter sets that come before the picture
	random   bool   // decoding can begin here
	clock    bool   // it has the program's clock
}

// stuffing is how many bytes the header is lengthened by: a PES packet that has
// to fill sixteen transport packets needs a byte for each.
func (u *unit) stuffing() int { return max(0, counters-pesHeader(u.pts, u.dts)-u.size) }

func (u *unit) pes() pes {
	return pes{
		size: pesHeader(u.pts, u.dts) + u.stuffing() + u.size, random: u.random,
		clock: u.clock, pcr: max(u.dts-ahead, min(u.dts, 0)),
	}
}

func (u *unit) needs() int {
	p := u.pes()
	return p.needs()
}

// maxUnit is how long a sample of video may be.
const maxUnit = 1 << 30

// maxFrames and maxGroup are how much audio a PES packet carries: the fewer
// there are, the less is stuffed.
const (
	maxFrames = 16
	maxGroup  = 16*payloadSize - 14
)

// cursor goes through the samples of a stream.
type cursor struct {
	in      *Input
	window  window
	zero    int64
	clock   bool
	at      int     // the next sample
	decode  int64   // its decode time, in ticks of the track
	run     int     // where it is
	within  int     // samples of the run before it
	last    int     // the last sample that has bytes
	packets int     // written so far
	shown   []int64 // when the earliest of a sample and those after it is shown; nil where that is never before it is decoded
	now     unit
}

func (c *cursor) reset(in *Input, zero int64, buf []byte) {
	*c = cursor{in: in, zero: zero}
	if in == nil {
		return
	}
	c.window = window{source: in.Source, samples: in.Samples, buf: buf}
	c.decode = int64(in.Decode) - int64(in.Origin)
	for c.last = len(in.Samples) - 1; c.last >= 0 && in.Samples[c.last].Size == 0; c.last-- {
	}
	if slices.ContainsFunc(in.Samples, func(s media.Sample) bool { return s.Shift < 0 }) {
		c.look()
	}
}

// look finds out when samples have to be decoded that are shown earlier than they
// are said to be decoded, which a transport stream does not allow.
func (c *cursor) look() {
	c.shown = make([]int64, len(c.in.Samples))
	at := c.decode
	for i := range c.shown {
		s := &c.in.Samples[i]
		c.shown[i] = at + int64(s.Shift)
		at += int64(s.Duration)
	}
	for i := len(c.shown) - 2; i >= 0; i-- {
		c.shown[i] = min(c.shown[i], c.shown[i+1])
	}
}

// done reports whether nothing comes after the unit that next returned.
func (c *cursor) done() bool { return c.at > c.last }

// skip moves on to the next sample.
func (c *cursor) skip() {
	c.decode += int64(c.in.Samples[c.at].Duration)
	c.at++
	c.within++
}

// entry is how the next sample is coded.
func (c *cursor) entry() (*entry, error) {
	for c.run < len(c.in.Runs) && c.within >= c.in.Runs[c.run].Samples {
		c.within -= c.in.Runs[c.run].Samples
		c.run++
	}
	if c.run == len(c.in.Runs) || c.in.Runs[c.run].Entry >= len(c.in.entries) {
		return nil, problem.Errorf(media.ErrIndex, "the index does not say how sample %d of a segment is coded", c.at)
	}
	return &c.in.entries[c.in.Runs[c.run].Entry], nil
}

// hold is next with the first sample of the unit in the window.
func (c *cursor) hold() (*unit, error) {
	if c.in == nil {
		return nil, nil
	}
	for ; c.at <= c.last && c.in.Samples[c.at].Size == 0; c.skip() {
	}
	if c.at <= c.last {
		if err := c.window.hold(c.at); err != nil {
			return nil, err
		}
	}
	return c.next()
}

// next measures the next unit; nil is none. It is good until the next call.
func (c *cursor) next() (*unit, error) {
	if c.in == nil {
		return nil, nil
	}
	for ; c.at <= c.last && c.in.Samples[c.at].Size == 0; c.skip() {
	}
	if c.at > c.last {
		return nil, nil
	}
	s := &c.in.Samples[c.at]
	decode := c.decode
	if c.shown != nil {
		decode = min(decode, c.shown[c.at])
	}
	dts := Ticks(decode, c.in.timescale) + c.zero
	c.now = unit{from: c.at, dts: dts, pts: dts, random: s.Sync, clock: c.clock}
	e, err := c.entry()
	if err == nil && c.in.video != nil {
		c.now.pts = Ticks(c.decode+int64(s.Shift), c.in.timescale) + c.zero
		err = c.picture(e)
	} else if err == nil {
		c.now.random = c.clock
		err = c.group(e)
	}
	if err != nil {
		return nil, err
	}
	c.now.to = c.at
	return &c.now, nil
}

// picture measures one sample of video, and finds out whether it has its own
// parameter sets. It gets those of the sample entry where decoding may begin:
// with a sync sample, and at the beginning of a segment.
func (c *cursor) picture(e *entry) error {
	i, own := c.at, false
	u := &c.now
	u.size = len(c.in.video.delimiter)
	pictures := false
	if c.in.Source == nil { // a guess: one unit, nothing of its own
		u.size += int(c.in.Samples[i].Size) + len(startCode) - e.nalBytes
	}
	err := c.units(e, i, func(r role, _ int64, size int) error {
		own = own || r == set && !pictures
		pictures = pictures || r == picture
		if r != leave {
			u.size += len(startCode) + size
		}
		return nil
	})
	if (u.random || i == 0) && !own {
		u.sets = e.sets
		u.size += len(e.sets)
	}
	c.skip()
	return err
}

// units calls fn for each NAL unit of sample i that has bytes.
func (c *cursor) units(e *entry, i int, fn func(r role, offset int64, size int) error) error {
	s := &c.in.Samples[i]
	if s.Size > maxUnit {
		return problem.Errorf(media.ErrInvalid, "a picture of %d bytes is too large for a transport stream", s.Size)
	}
	v := c.in.video
	if c.in.Source == nil {
		return nil
	}
	for at, end := s.Offset, offsetEnd(s); at < end; {
		left := int(end - at)
		if left < e.nalBytes {
			return problem.Errorf(media.ErrInvalid, "sample %d of the segment ends within the length of a NAL unit", i)
		}
		head, err := c.window.get(i, at, min(left, e.nalBytes+v.head), e.nalBytes+v.head)
		if err != nil {
			return err
		}
		var length [4]byte
		copy(length[4-e.nalBytes:], head[:e.nalBytes])
		size := binary.BigEndian.Uint32(length[:])
		if int64(size) > int64(left-e.nalBytes) {
			return problem.Errorf(media.ErrInvalid, "a NAL unit of sample %d of the segment is longer than the sample", i)
		}
		at += int64(e.nalBytes)
		if int(size) >= v.head {
			if err := fn(v.role(head[e.nalBytes:]), at, int(size)); err != nil {
				return err
			}
		}
		at += int64(size)
	}
	return nil
}

// group measures frames of audio that go into one PES packet: they have one time
// together, so each but the last has to last as long as its header says. The
// first frame of a segment has a packet to itself, because ffmpeg, playing HLS,
// does not know yet how long it lasts and gives the next the same time.
func (c *cursor) group(e *entry) error {
	u := &c.now
	run := c.run
	for {
		s := &c.in.Samples[c.at]
		size := int(s.Size)
		if e.adts != nil {
			if size += adtsHeader; size > maxADTS {
				return problem.Errorf(media.ErrInvalid, "a frame of AAC has %d bytes, more than its header can say", s.Size)
			}
		}
		if u.size += size; u.size > 1<<16-1-32 {
			return problem.Errorf(media.ErrInvalid, "a frame of audio has %d bytes, more than a PES packet takes", s.Size)
		}
		exact := c.in.frame != 0 && s.Duration == c.in.frame
		c.skip()
		if !exact || u.from == 0 || c.at > c.last || c.at-u.from == maxFrames {
			return nil
		}
		next := int(c.in.Samples[c.at].Size)
		if next == 0 || u.size+next+adtsHeader > maxGroup {
			return nil
		}
		if _, err := c.entry(); err != nil || c.run != run {
			return err
		}
	}
}

// write writes the payload of a unit that next returned last.
func (c *cursor) write(m *muxer, u *unit) error {
	e := &c.in.entries[c.in.Runs[c.entryOf(u.from)].Entry]
	if c.in.video == nil {
		return c.writeGroup(m, e, u)
	}
	m.write(c.in.video.delimiter)
	m.write(u.sets)
	return c.units(e, u.from, func(r role, offset int64, size int) error {
		if r == leave {
			return nil
		}
		m.write(startCode)
		return c.copy(m, u.from, offset, size)
	})
}

// entryOf is the run of a sample.
func (c *cursor) entryOf(i int) int {
	for n := range c.in.Runs {
		if i -= c.in.Runs[n].Samples; i < 0 {
			return n
		}
	}
	return 0
}

func (c *cursor) writeGroup(m *muxer, e *entry, u *unit) error {
	for i := u.from; i < u.to; i++ {
		s := &c.in.Samples[i]
		if e.adts != nil {
			m.scratch = e.adts.append(m.scratch[:0], int(s.Size))
			m.write(m.scratch)
		}
		if err := c.window.hold(i); err != nil {
			return err
		}
		if err := c.copy(m, i, s.Offset, int(s.Size)); err != nil {
			return err
		}
	}
	return nil
}

// copy writes bytes of sample i.
func (c *cursor) copy(m *muxer, i int, offset int64, size int) error {
	for size > 0 {
		b, err := c.window.get(i, offset, 1, size)
		if err != nil {
			return err
		}
		m.write(b)
		offset += int64(len(b))
		size -= len(b)
	}
	return nil
}
