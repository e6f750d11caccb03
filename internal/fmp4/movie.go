package fmp4

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Movie is a track of pictures at a constant rate, which are decoded one after the other.
type Movie struct {
	Track Track

	Lasts  uint32   // ticks, of each picture
	Sizes  []uint32 // bytes of each, in the order of decoding
	Shifts []uint8  // how many pictures later each is shown than it is decoded
	Syncs  []uint32 // those that decode without others, from 1, in their order
	Start  int64    // when the first one is shown, in ticks; not negative
}

// Write writes the track as MP4 without fragments, which players seek in by its tables;
// data writes the pictures' bytes, in their order. There is at least one picture.
func (m *Movie) Write(w io.Writer, data func(io.Writer) error) error {
	size := int64(0)
	for _, s := range m.Sizes {
		size += int64(s)
	}
	head := makeBox("ftyp", []byte("isom"), be(0), []byte("isomiso2mp41"))
	at := int64(len(head) + 16)
	head = append(be1(head, 1), "mdat"...)
	head = binary.BigEndian.AppendUint64(head, uint64(size+16))
	if _, err := w.Write(head); err != nil {
		return err
	}
	counted := &counter{w: w}
	if err := data(counted); err != nil {
		return err
	}
	if counted.n != size {
		return fmt.Errorf("%w: %d bytes of samples, not %d", ErrFormat, counted.n, size)
	}
	_, err := w.Write(m.moov(at))
	return err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// moov describes pictures that lie one after the other from a place on.
func (m *Movie) moov(at int64) []byte {
	count := uint32(len(m.Sizes))
	stts := be(0, 1, count, m.Lasts)
	sizes := be(0, 0, count)
	for _, s := range m.Sizes {
		sizes = be1(sizes, s)
	}
	syncs := be(0, uint32(len(m.Syncs)))
	for _, s := range m.Syncs {
		syncs = be1(syncs, s)
	}
	offset := binary.BigEndian.AppendUint64(be(0, 1), uint64(at))
	tables := makeBox("stbl", m.Track.Entries, makeBox("stts", stts), makeBox("ctts", m.shifts()), makeBox("stss", syncs),
		makeBox("stsz", sizes), makeBox("stsc", be(0, 1, 1, count, 1)), makeBox("co64", offset))
	lasts := uint32(min(int64(count)*int64(m.Lasts), math.MaxUint32)) // which is that nobody knows
	return makeBox("moov",
		makeBox("mvhd", be(0, 0, 0, m.Track.Timescale, lasts, 1<<16, 1<<24, 0, 0), identity, make([]byte, 24), be(2)),
		m.Track.trak(1, lasts, m.edits(), tables))
}

// shifts are composition offsets, those that are alike together (§8.6.1.3).
func (m *Movie) shifts() []byte {
	b := be(0, 0)
	runs := uint32(0)
	for from := 0; from < len(m.Shifts); runs++ {
		to := from + 1
		for to < len(m.Shifts) && m.Shifts[to] == m.Shifts[from] {
			to++
		}
		b = be1(be1(b, uint32(to-from)), uint32(m.Shifts[from])*m.Lasts)
		from = to
	}
	binary.BigEndian.PutUint32(b[4:], runs)
	return b
}

// edits have the first picture shown at Start (§8.6.6).
func (m *Movie) edits() []byte {
	var elst []byte
	count := uint32(0)
	add := func(lasts, from int64) {
		elst = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(elst, uint64(lasts)), uint64(from))
		elst = be1(elst, 1<<16) // media_rate
		count++
	}
	if m.Start > 0 {
		add(m.Start, -1)
	}
	first := int64(m.Shifts[0])
	end := int64(0) // of the picture that shows last, in pictures
	for i, shift := range m.Shifts {
		end = max(end, int64(i)+int64(shift)+1)
	}
	add((end-first)*int64(m.Lasts), first*int64(m.Lasts))
	return makeBox("edts", makeBox("elst", be(1<<24, count), elst))
}

func be1(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }
