package mpegts

import (
	"errors"
	"io"
	"sync"

	"github.com/streamgate/streamgate/media"
)

// A Segment is one segment of a transport stream, with the samples that it is
// made of. It may be written several times, by one goroutine at a time.
type Segment struct {
	Number int    // of the segment, counted from 0: the counters of the tables go by it
	Zero   int64  // the time at which the presentation begins, in ticks of Clock
	Video  *Input // nil for a program without it
	Audio  *Input // the same
}

// Input is what a segment has of one track.
type Input struct {
	*Stream

	Source  io.ReaderAt    // nil where Size is to guess
	Samples []media.Sample // in decode order; there may be none
	Decode  uint64         // of the first sample, in ticks of the track
	Origin  uint64         // Track.Origin
	Runs    []Run          // of the samples, in their order
}

// A Run is samples that follow on each other and have the same sample entry.
type Run struct {
	Samples, Entry int
}

// errSize means that the second look at the source saw another one than the first.
var errSize = errors.New("the samples are not those that were measured")

// muxer is the memory that a segment is made with.
type muxer struct {
	packetizer
	video, audio cursor
	frames       [videoWindow]byte
	sound        [audioWindow]byte
	scratch      []byte
}

const (
	videoWindow = 256 << 10
	audioWindow = 64 << 10
	// glance is how much is read at once to measure: heads of NAL units alone.
	glance = 4 << 10
)

var muxers = sync.Pool{New: func() any { return new(muxer) }}

func (s *Segment) muxer() *muxer {
	m := muxers.Get().(*muxer)
	m.packetizer.err, m.packetizer.at, m.packetizer.sent = nil, 0, 0
	m.video.reset(s.Video, s.Zero, m.frames[:])
	m.audio.reset(s.Audio, s.Zero, m.sound[:])
	m.video.clock, m.audio.clock = true, s.Video == nil
	return m
}

func (m *muxer) release() {
	m.packetizer.to = nil
	m.video.reset(nil, 0, nil)
	m.audio.reset(nil, 0, nil)
	muxers.Put(m)
}

// Size is how many bytes WriteTo writes. It looks at the head of each NAL unit,
// and refuses samples that cannot be rewritten with media.ErrInvalid; an error of
// a source is a ReadError. Without the source of the video it takes each sample
// for one NAL unit that brings no parameter sets and no delimiter, which most are,
// and is hardly off.
func (s *Segment) Size() (int64, error) {
	m := s.muxer()
	defer m.release()
	m.video.window.buf = m.frames[:glance]
	packets := int64(2)
	for _, c := range []*cursor{&m.video, &m.audio} {
		for {
			u, err := c.next()
			if err != nil {
				return 0, err
			}
			if u == nil {
				break
			}
			c.packets += u.needs()
		}
		packets += int64(c.packets+counters-1) / counters * counters
	}
	return packets * packetSize, nil
}

// WriteTo writes the segment in blocks of 256 KiB. Errors are those of Size and
// of w.
func (s *Segment) WriteTo(w io.Writer) (int64, error) {
	m := s.muxer()
	defer m.release()
	m.to = w
	m.tables(s)
	if err := m.mux(); err != nil {
		return m.sent, err
	}
	m.flush()
	return m.sent, m.err
}

func (m *muxer) tables(s *Segment) {
	streams := make([]*Stream, 0, 2)
	for _, in := range []*Input{s.Video, s.Audio} {
		if in != nil {
			streams = append(streams, in.Stream)
		}
	}
	m.scratch = appendPAT(m.scratch[:0])
	m.table(patPID, byte(s.Number), m.scratch)
	m.scratch = appendPMT(m.scratch[:0], streams...)
	m.table(pmtPID, byte(s.Number), m.scratch)
}

// mux writes the units of both streams in the order in which they are decoded.
func (m *muxer) mux() error {
	video, err := m.video.hold()
	if err != nil {
		return err
	}
	audio, err := m.audio.hold()
	for err == nil && m.err == nil && (video != nil || audio != nil) {
		if audio != nil && (video == nil || audio.dts <= video.dts) {
			if err = m.unit(&m.audio, audio); err == nil {
				audio, err = m.audio.hold()
			}
			continue
		}
		if err = m.unit(&m.video, video); err == nil {
			video, err = m.video.hold()
		}
	}
	return err
}

// unit writes a unit as a PES packet.
func (m *muxer) unit(c *cursor, u *unit) error {
	p := u.pes()
	p.packets = p.needs()
	counter := c.packets
	c.packets += p.packets
	if c.done() { // what is missing for the next segment to begin at 0
		p.packets += (counters - c.packets%counters) % counters
	}
	m.begin(c.in.pid, byte(counter), &p)
	m.scratch = appendPES(m.scratch[:0], c.in.id, u.size, u.pts, u.dts, u.stuffing())
	m.write(m.scratch)
	if err := c.write(m, u); err != nil {
		return err
	}
	if m.packetizer.left != 0 || m.room != 0 || m.packetizer.packets != 0 {
		return errSize
	}
	return nil
}
