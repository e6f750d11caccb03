package media

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/bits"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// The samples of a segment are kept as a block: for each sample its size with
// four flags, and what the flags say differs from the sample before, all as
// varints. It comes to some 3 to 8 bytes a sample.
const (
	flagSync     = 1 << iota
	flagGap      // does not follow the sample before in the source: the distance comes next
	flagDuration // lasts otherwise than the sample before: the duration comes next
	flagShift    // its composition offset is another: that comes next
	flagBits     = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// blockRef says where a block lies.
type blockRef struct {
	offset int64 // from the first block
	size   uint32
	sum    uint32 // CRC-32C
	look   uint64 // of its samples but for where they lie: see blockWriter
}

// blocks are the samples of all tracks, by track and segment. Those of an index
// that was read from storage lie there.
type blocks struct {
	refs [][]blockRef
	data []byte
	base int64 // of the first block in storage; 0 when they are in data
}

// blockWriter appends samples to a block.
type blockWriter struct {
	buf      []byte
	expect   int64
	duration uint32
	shift    int32
	total    int64  // how many samples are to come in all; 0 where that is not known
	count    int64  // how many came
	look     uint64 // a hash of sizes, times and flags: it is part of the revision, where offsets are not
}

func (w *blockWriter) begin() { w.expect, w.duration, w.shift, w.look = 0, 0, 0, 0 }

// mix adds a sample to the hash, which tells mistakes apart and not attacks: the
// revision has the name of the source as well.
func (w *blockWriter) mix(s *Sample) {
	const odd = 0x9e3779b97f4a7c15 // 2^64 by the golden ratio: its bits look like chance
	a := uint64(s.Size)<<32 | uint64(s.Duration)
	b := uint64(uint32(s.Shift)) << 1
	if s.Sync {
		b |= 1
	}
	w.look = (bits.RotateLeft64(w.look, 23) ^ a) * odd
	w.look = (bits.RotateLeft64(w.look, 23) ^ b) * odd
}

// maxSampleBytes is what a sample takes at most: varints of 64, 64, 32 and 33 bits.
const maxSampleBytes = 10 + 10 + 5 + 5

// grow makes room for what is to come by what came so far: each time that a buffer
// is copied into a larger one costs more than the samples that filled it.
func (w *blockWriter) grow() {
	used := int64(len(w.buf))
	want := used + used/4
	if w.count > 0 {
		want = max(want, min(used*w.total/w.count*17/16, 4*used))
	}
	want = min(want, maxBlockBytes+maxSampleBytes)
	w.buf = slices.Grow(w.buf, int(max(want-used, 64<<10)))
}

// trimmed are the blocks without much room behind them.
func (w *blockWriter) trimmed() []byte {
	if cap(w.buf)-len(w.buf) > len(w.buf)/4 {
		return slices.Clone(w.buf)
	}
	return w.buf
}

func (w *blockWriter) add(s *Sample) {
	w.mix(s)
	if cap(w.buf)-len(w.buf) < maxSampleBytes {
		w.grow()
	}
	w.count++
	head := uint64(s.Size) << flagBits
	if s.Sync {
		head |= flagSync
	}
	if s.Offset != w.expect {
		head |= flagGap
	}
	if s.Duration != w.duration {
		head |= flagDuration
	}
	if s.Shift != w.shift {
		head |= flagShift
	}
	b := binary.AppendUvarint(w.buf, head)
	if head&flagGap != 0 {
		b = binary.AppendVarint(b, s.Offset-w.expect)
	}
	if head&flagDuration != 0 {
		b = binary.AppendUvarint(b, uint64(s.Duration))
	}
	if head&flagShift != 0 {
		b = binary.AppendVarint(b, int64(s.Shift))
	}
	w.buf = b
	w.expect, w.duration, w.shift = s.Offset+int64(s.Size), s.Duration, s.Shift
}

// appendBlock decodes n samples from b.
func appendBlock(dst []Sample, b []byte, n int) ([]Sample, error) {
	r := varints{b: b}
	var s Sample
	for range n {
		s = r.sample(s)
		dst = append(dst, s)
	}
	if r.bad || len(r.b) != 0 {
		return dst, errBlock
	}
	return dst, nil
}

// sample reads the sample after s.
func (r *varints) sample(s Sample) Sample {
	head := r.unsigned()
	s.Offset += int64(s.Size)
	s.Size, s.Sync = uint32(head>>flagBits), head&flagSync != 0
	if head&flagGap != 0 {
		s.Offset += r.signed()
	}
	if head&flagDuration != 0 {
		s.Duration = uint32(r.unsigned())
	}
	if head&flagShift != 0 {
		s.Shift = int32(r.signed())
	}
	return s
}

// varints reads varints, and numbers of 8 bytes, until one is bad.
type varints struct {
	b   []byte
	bad bool
}

func (r *varints) unsigned() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *varints) fixed() uint64 {
	if len(r.b) < 8 {
		r.bad, r.b = true, nil
		return 0
	}
	v := binary.BigEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *varints) signed() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// Samples appends the samples of a segment to dst. The index is read from r
// when it came from Read; r may be nil for one that came from Parse. An error
// that matches ErrIndex means that the index is damaged: Parse the source again.
func (ix *Index) Samples(dst []Sample, r io.ReaderAt, track, segment int) ([]Sample, error) {
	if track < 0 || track >= len(ix.Tracks) || segment < 0 || segment >= len(ix.Tracks[track].Segments) {
		return dst, problem.Errorf(ErrNoSegment, "there is no segment %d of track %d", segment, track)
	}
	b, err := ix.blocks.read(r, ix.blocks.refs[track][segment])
	if err != nil {
		return dst, err
	}
	return appendBlock(dst, b, ix.Tracks[track].Segments[segment].Samples)
}

// First returns the first sample of a segment, as Samples does.
func (ix *Index) First(r io.ReaderAt, track, segment int) (Sample, error) {
	if track < 0 || track >= len(ix.Tracks) || segment < 0 || segment >= len(ix.Tracks[track].Segments) || ix.Tracks[track].Segments[segment].Samples == 0 {
		return Sample{}, problem.Errorf(ErrNoSegment, "there is no sample in segment %d of track %d", segment, track)
	}
	b, err := ix.blocks.read(r, ix.blocks.refs[track][segment])
	if err != nil {
		return Sample{}, err
	}
	v := varints{b: b}
	s := v.sample(Sample{})
	if v.bad {
		return s, errBlock
	}
	return s, nil
}

var errBlock = problem.Errorf(ErrIndex, "a block of the index does not hold the samples that it should")

// blockRefOf is where what was written to buf since at lies.
func blockRefOf(buf []byte, at int) blockRef {
	block := buf[at:]
	return blockRef{offset: int64(at), size: uint32(len(block)), sum: crc32.Checksum(block, castagnoli)}
}

// read returns a block, from r where they are not in memory.
func (l *blocks) read(r io.ReaderAt, ref blockRef) ([]byte, error) {
	if l.base == 0 {
		return l.data[ref.offset : ref.offset+int64(ref.size)], nil
	}
	b := make([]byte, ref.size)
	if got, err := r.ReadAt(b, l.base+ref.offset); got < len(b) {
		return nil, problem.Because(ErrIndex, err, "a block of the index cannot be read")
	}
	if crc32.Checksum(b, castagnoli) != ref.sum {
		return nil, problem.Errorf(ErrIndex, "a block of the index is damaged")
	}
	return b, nil
}
