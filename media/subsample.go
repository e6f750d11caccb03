package media

import (
	"encoding/binary"
	"io"

	"github.com/streamgate/streamgate/internal/problem"
)

// Subsample is a stretch of a sample: bytes in the clear, and then bytes that are
// encrypted (ISO/IEC 23001-7 §9.5).
type Subsample struct {
	Clear     uint16
	Protected uint32
}

const (
	// maxSubsamples is how many a sample may have: what says them, 2 bytes and 6
	// for each, has its size in a byte of the saiz box.
	maxSubsamples = (255 - 2) / 6
	// cipherBlock is below how many bytes nothing is encrypted, in bytes.
	cipherBlock = 16
	// maxSliceHead is how much of a slice stays in the clear whose header cannot
	// be read, and beyond which no header is looked for: two hundred entry points
	// of HEVC and more.
	maxSliceHead = 1 << 10
	// usualSliceHead is what nearly all headers are within.
	usualSliceHead = 128
	// subsampleWindow is how much of a sample is read at once: a message of the
	// encoder, and the header of the slice behind it.
	subsampleWindow = 2 * maxSliceHead
	// maxSampleUnits is how many NAL units of a sample are told apart.
	maxSampleUnits = 1 << 14
)

// A Subsampler finds out which bytes of pictures are encrypted, where their
// slices' headers have to stay readable: scheme cbcs of ISO/IEC 23001-7 §10.4.2,
// for H.264 and HEVC in NAL units. It keeps what parameter sets in the samples
// say: give it the samples of a segment in their order. It is used by one
// goroutine at a time.
type Subsampler struct {
	lengthSize int
	slices     sliceReader
	window     [subsampleWindow]byte
	from       int64 // of window, in the source
	filled     int   // of it
	space      []byte
	bits       bitReader
}

// sliceReader reads the NAL units of one codec.
type sliceReader interface {
	// look notes a parameter set and reports whether the unit is a slice.
	look(unit []byte) (slice bool)
	// head is where a slice's data begins, in bits of the unit without the bytes
	// that keep start codes out; ok is false where that cannot be told.
	head(r *bitReader, unit []byte) (ok bool)
	// header is how many bytes a unit's own header has.
	header() int
}

// NewSubsampler returns a Subsampler of samples that are coded as this one of
// Track.Entries says; ErrUnsupported where it is for no codec of NAL units.
func NewSubsampler(entry []byte) (*Subsampler, error) {
	if len(entry) >= 8+visualHeader {
		for _, b := range inners(entry[8+visualHeader:]) {
			switch {
			case b.kind == "avcC" && len(b.body) > 6:
				return &Subsampler{lengthSize: int(b.body[4]&3) + 1, slices: newAVCSlices(b.body)}, nil
			case b.kind == "hvcC" && len(b.body) > 22:
				return &Subsampler{lengthSize: int(b.body[21]&3) + 1, slices: newHEVCSlices(b.body)}, nil
			case b.kind == "av1C":
				return nil, problem.Errorf(ErrUnsupported, "the tiles of AV1 cannot be encrypted by themselves here")
			}
		}
	}
	return nil, problem.Errorf(ErrUnsupported, "the slices of this video are not known")
}

// Append appends the subsamples of a sample, which is read from r where its
// units begin, and of the parameter sets that go before it (Track.InBand).
// Together they are as long as both. A slice is encrypted from the end of its
// header on, all else is in the clear. An error is one of r.
func (p *Subsampler) Append(dst []Subsample, r io.ReaderAt, sets []byte, s Sample) ([]Subsample, error) {
	l := subsampleList{list: dst, first: len(dst), clear: int64(len(sets))}
	p.note(sets)
	at, end := s.Offset, s.Offset+int64(s.Size)
	p.filled = 0
	for n := 0; at < end; n++ {
		size, head, err := p.unit(r, at, end)
		if err != nil {
			return dst, err
		}
		if n == maxSampleUnits {
			size = end - at
		}
		l.add(head, size-head)
		at += size
	}
	return l.done(), nil
}

// note looks at units after their lengths.
func (p *Subsampler) note(sets []byte) {
	for len(sets) >= p.lengthSize {
		size := 0
		for _, b := range sets[:p.lengthSize] {
			size = size<<8 | int(b)
		}
		if sets = sets[p.lengthSize:]; size > len(sets) {
			return
		}
		if size >= p.slices.header() {
			p.slices.look(sets[:size])
		}
		sets = sets[size:]
	}
}

// unit looks at a unit: how long it is together with its length, and how much of
// that is in the clear.
func (p *Subsampler) unit(r io.ReaderAt, at, end int64) (size, head int64, err error) {
	b, err := p.peek(r, at, end)
	if err != nil {
		return 0, 0, err
	}
	rest := end - at
	if len(b) < p.lengthSize {
		return rest, rest, nil
	}
	var length [8]byte
	copy(length[8-p.lengthSize:], b)
	size = int64(p.lengthSize) + int64(binary.BigEndian.Uint64(length[:]))
	if size > rest { // no unit: nothing is known of it
		return rest, min(rest, maxSliceHead), nil
	}
	unit := b[p.lengthSize:min(int64(len(b)), size)]
	if len(unit) < p.slices.header() || !p.slices.look(unit) {
		return size, size, nil
	}
	return size, min(size, int64(p.lengthSize+p.sliceHead(unit))), nil
}

// sliceHead is how many bytes of a slice come before its data.
func (p *Subsampler) sliceHead(unit []byte) int {
	own := p.slices.header()
	for _, most := range [...]int{usualSliceHead, maxSliceHead} {
		head := unit[:min(len(unit), most)]
		p.space = unescape(p.space[:0], head[own:])
		p.bits = bitReader{b: p.space}
		if !p.slices.head(&p.bits, head) {
			break
		}
		if !p.bits.over {
			return own + escapedLength(head[own:], (p.bits.at+7)/8)
		}
	}
	return maxSliceHead
}

// unescape appends a unit's payload without the bytes that keep start codes out
// of it (Rec. ITU-T H.264 §7.4.1.1, H.265 §7.4.2).
func unescape(dst, unit []byte) []byte {
	zeros := 0
	for _, b := range unit {
		if zeros >= 2 && b == 3 {
			zeros = 0
			continue
		}
		if zeros++; b != 0 {
			zeros = 0
		}
		dst = append(dst, b)
	}
	return dst
}

// escapedLength is how many bytes of a unit n bytes of its unescaped payload take.
func escapedLength(unit []byte, n int) int {
	zeros := 0
	for i, b := range unit {
		if zeros >= 2 && b == 3 {
			zeros = 0
			continue
		}
		if n == 0 {
			return i
		}
		n--
		if zeros++; b != 0 {
			zeros = 0
		}
	}
	return len(unit)
}

// peek returns the beginning of a unit: its length, and at most maxSliceHead of it.
func (p *Subsampler) peek(r io.ReaderAt, at, end int64) ([]byte, error) {
	n := min(int64(maxSliceHead+p.lengthSize), end-at)
	skip := at - p.from
	if p.filled == 0 || skip < 0 || skip+n > int64(p.filled) {
		want := min(int64(len(p.window)), end-at)
		got, err := r.ReadAt(p.window[:want], at)
		if int64(got) < want {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		p.from, p.filled, skip = at, got, 0
	}
	return p.window[skip : skip+n], nil
}

// subsampleList is the subsamples of a sample, from first on.
type subsampleList struct {
	list  []Subsample
	first int
	clear int64 // not yet in list
}

// add appends bytes in the clear, and those behind them to be encrypted. Less
// than a block is not.
func (l *subsampleList) add(open, secret int64) {
	if secret < cipherBlock {
		open, secret = open+secret, 0
	}
	l.clear += open
	if secret > 0 {
		l.flush(uint32(secret))
	}
}

func (l *subsampleList) flush(secret uint32) {
	const most = 1<<16 - 1
	for ; l.clear > most; l.clear -= most {
		l.list = append(l.list, Subsample{Clear: most})
	}
	l.list = append(l.list, Subsample{Clear: uint16(l.clear), Protected: secret})
	l.clear = 0
}

// done ends the sample. Where it has more subsamples than can be said, the last
// of those that can is encrypted to the end, headers and all.
func (l *subsampleList) done() []Subsample {
	if l.clear > 0 {
		l.flush(0)
	}
	if own := l.list[l.first:]; len(own) > maxSubsamples {
		last := &own[maxSubsamples-1]
		for _, s := range own[maxSubsamples:] {
			last.Protected += uint32(s.Clear) + s.Protected
		}
		l.list = l.list[:l.first+maxSubsamples]
	}
	return l.list
}
