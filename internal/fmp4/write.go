package fmp4

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Writer writes a file of several tracks, which can be read to the end of the last
// fragment at any time. It is not for concurrent use.
type Writer struct {
	w        io.Writer
	sequence uint32
}

// NewWriter writes the init segment of tracks, which are numbered by their ID, or from 1.
func NewWriter(w io.Writer, tracks []Track) (*Writer, error) {
	_, err := w.Write(initSegment(tracks))
	return &Writer{w: w}, err
}

// Resume goes on with a file that has so many fragments.
func Resume(w io.Writer, fragments uint32) *Writer { return &Writer{w: w, sequence: fragments} }

// Fragments is how many fragments the file has.
func (w *Writer) Fragments() uint32 { return w.sequence }

// Timed is a sample with when it is decoded, which is never after it is shown.
type Timed struct {
	Sample

	Decode int64 // ticks
}

// Fragment writes samples of a track, which is its number. data writes their
// bytes, in their order. Samples last until the next is decoded, and the last as it
// says itself.
func (w *Writer) Fragment(track int, samples []Timed, data func(io.Writer) error) error {
	w.sequence++
	size := uint64(8)
	for i := range samples {
		size += uint64(samples[i].Size)
	}
	head := moof(w.sequence, track, samples)
	if size+uint64(len(head)) > math.MaxInt32 {
		return fmt.Errorf("%w: a fragment of %d bytes", ErrFormat, size)
	}
	head = append(binary.BigEndian.AppendUint32(head, uint32(size)), "mdat"...)
	if _, err := w.w.Write(head); err != nil {
		return err
	}
	return data(w.w)
}

// moof describes samples that follow it, in an mdat box (§8.8.4).
func moof(sequence uint32, track int, samples []Timed) []byte {
	run := be(0x01000f01, uint32(len(samples)), 0) // data offset, durations, sizes, flags, composition offsets
	for i := range samples {
		s := &samples[i]
		lasts := s.Duration
		if i+1 < len(samples) {
			lasts = uint32(samples[i+1].Decode - s.Decode)
		}
		run = append(run, be(lasts, s.Size, flagsOf(s.Sync), uint32(s.Shown-s.Decode))...)
	}
	first := int64(0)
	if len(samples) > 0 {
		first = samples[0].Decode
	}
	m := makeBox("moof",
		makeBox("mfhd", be(0, sequence)),
		makeBox("traf",
			makeBox("tfhd", be(0x020000, uint32(track))),
			makeBox("tfdt", be(0x01000000, uint32(first>>32), uint32(first))),
			makeBox("trun", run)))
	binary.BigEndian.PutUint32(m[len(m)-len(run)+8:], uint32(len(m)+8)) // data offset: behind the head of mdat
	return m
}

// flagsOf are the sample flags (§8.8.3.1): of what depends on others, or on none.
func flagsOf(sync bool) uint32 {
	if sync {
		return 0x02000000
	}
	return 0x01010000
}
