package media

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/streamgate/streamgate/internal/problem"
)

// A PictureOrder tells in which order pictures of H.264 are shown, where their
// container says only in which order they are decoded: by what the headers of their
// slices say (Rec. ITU-T H.264 §8.2.1). It keeps what it needs of the pictures before,
// which is little, and is used by one goroutine at a time.
type PictureOrder struct {
	lengthSize int
	sets       map[string]bool // parameter sets as they are told in front
	slices     *avcSlices
	active     int // the sequence parameter set of the first picture
	count      avcCounter
	window     unitWindow
	space      []byte
}

// A Picture is one of H.264 as a PictureOrder sees it.
type Picture struct {
	// Begins says that it is shown after all pictures that are decoded before it, and
	// that those decoded after it count from it: it is an IDR picture, or as good as one.
	Begins bool

	// Count is its picture order count: of two pictures from the same Begins on, the one
	// with the smaller is shown first.
	Count int64

	IDR   bool // decoding can begin with it
	Intra bool // it has I slices alone
}

// NewPictureOrder returns a PictureOrder of samples that are coded as this one of
// Track.Entries says; ErrUnsupported where that is not H.264.
func NewPictureOrder(entry []byte) (*PictureOrder, error) {
	if len(entry) < 8+visualHeader {
		return nil, problem.Errorf(ErrUnsupported, "the order of this video's pictures is not known")
	}
	for _, b := range inners(entry[8+visualHeader:]) {
		if b.kind != "avcC" || len(b.body) < 7 {
			continue
		}
		o := &PictureOrder{
			lengthSize: int(b.body[4]&3) + 1, sets: map[string]bool{}, slices: newAVCSlices(b.body), active: -1,
		}
		e := setsOf(b.body)
		for _, unit := range e {
			o.sets[string(trimmed(unit))] = true
		}
		return o, nil
	}
	return nil, problem.Errorf(ErrUnsupported, "the order of pictures is known of H.264 alone")
}

// setsOf are the parameter sets of an avcC box.
func setsOf(avcC []byte) (units [][]byte) {
	take := func(list []byte, n int) []byte {
		for range n {
			unit := firstUnit(list)
			if len(unit) == 0 {
				return nil
			}
			units = append(units, unit)
			list = list[2+len(unit):]
		}
		return list
	}
	if rest := take(avcC[6:], int(avcC[5]&31)); len(rest) > 0 {
		take(rest[1:], int(rest[0]))
	}
	return units
}

// trimmed is a unit without the zeros that may follow it in a stream of bytes (Annex B).
func trimmed(unit []byte) []byte { return bytes.TrimRight(unit, "\x00") }

// Next looks at the next sample, in the order of decoding, which is read from r where
// its units begin. The first has to be an IDR picture. An error is one of r, or matches
// ErrUnsupported and says what is uncertain: a picture is missing, or damaged, or in two
// fields, or coded in another way than the first, or the sample has none, or two. No
// other sample is to be looked at then.
func (o *PictureOrder) Next(r io.ReaderAt, s Sample) (Picture, error) {
	u := unitWalk{window: &o.window, r: r, at: s.Offset, end: s.Offset + int64(s.Size), lengthSize: o.lengthSize}
	o.window.filled = 0
	var first avcSlice
	intra, found := true, false
	for n := 0; u.at < u.end; n++ {
		unit, whole, err := u.next()
		if err != nil {
			return Picture{}, err
		}
		if n == maxSampleUnits {
			return Picture{}, problem.Errorf(ErrUnsupported, "a picture is in more than %d units", maxSampleUnits)
		}
		if len(unit) == 0 {
			continue
		}
		slice, is, err := o.unit(unit, whole)
		switch {
		case err != nil:
			return Picture{}, err
		case !is:
			continue
		case !found:
			first, found = slice, true
		case slice.other(&first):
			return Picture{}, problem.Errorf(ErrUnsupported, "two pictures lie where one should")
		}
		intra = intra && (slice.kind == avcI || slice.kind == avcSI)
	}
	if !found {
		return Picture{}, problem.Errorf(ErrUnsupported, "a picture is missing")
	}
	return o.picture(&first, intra)
}

// unit looks at a unit, of which whole says that all of it is there.
func (o *PictureOrder) unit(unit []byte, whole bool) (slice avcSlice, is bool, err error) {
	switch kind := unit[0] & 31; kind {
	case 1, 5:
	case avcSPS, avcPPS:
		if !whole || !o.sets[string(trimmed(unit))] {
			return slice, false, problem.Errorf(ErrUnsupported, "the picture is coded in another way further on")
		}
		return slice, false, nil
	case 2, 3, 4, 19, 20, 21:
		return slice, false, problem.Errorf(ErrUnsupported, "the picture is in partitions, or has other views")
	default:
		return slice, false, nil
	}
	o.space = unescape(o.space[:0], unit[1:])
	bits := bitReader{b: o.space}
	slice, ok := o.slices.slice(&bits, unit)
	switch {
	case !ok || bits.over:
		return slice, false, problem.Errorf(ErrUnsupported, "a picture is damaged")
	case slice.field:
		return slice, false, problem.Errorf(ErrUnsupported, "pictures are in two fields")
	}
	return slice, true, nil
}

// other reports whether a slice is of another picture than the first (§7.4.1.2.4).
func (s *avcSlice) other(first *avcSlice) bool {
	return s.avcNumbers != first.avcNumbers || s.keyed != first.keyed || s.reference != first.reference || s.sequence != first.sequence
}

// picture counts the picture of a slice.
func (o *PictureOrder) picture(s *avcSlice, intra bool) (p Picture, err error) {
	switch {
	case !s.first:
		return p, problem.Errorf(ErrUnsupported, "the beginning of a picture is missing")
	case o.active < 0 && !s.keyed:
		return p, problem.Errorf(ErrUnsupported, "the first picture needs others that are not there")
	case o.active >= 0 && o.active != s.sequence:
		return p, problem.Errorf(ErrUnsupported, "the picture is coded in another way further on")
	case o.active >= 0 && s.marking.drops:
		return p, problem.Errorf(ErrUnsupported, "pictures are left out that were not shown yet")
	}
	o.active = s.sequence
	p = Picture{Begins: s.keyed || s.marking.afresh, IDR: s.keyed, Intra: intra}
	if p.Count, err = o.count.next(o.slices.sequences[s.sequence], s); err != nil {
		return p, err
	}
	return p, nil
}

// unitWindow is a stretch of a source.
type unitWindow struct {
	bytes  [subsampleWindow]byte
	from   int64
	filled int
}

// unitWalk walks the units of a sample, which stand after their lengths.
type unitWalk struct {
	window     *unitWindow
	r          io.ReaderAt
	at, end    int64
	lengthSize int
}

// next returns the next unit, or as much of its beginning as the header of a slice may
// take.
func (u *unitWalk) next() (unit []byte, whole bool, err error) {
	b, err := u.window.peek(u.r, u.at, min(int64(maxSliceHead+u.lengthSize), u.end-u.at))
	if err != nil {
		return nil, false, err
	}
	var length [8]byte
	if len(b) >= u.lengthSize {
		copy(length[8-u.lengthSize:], b)
	}
	size := int64(binary.BigEndian.Uint64(length[:]))
	if len(b) < u.lengthSize || size > u.end-u.at-int64(u.lengthSize) {
		return nil, false, problem.Errorf(ErrUnsupported, "a picture is damaged")
	}
	u.at += int64(u.lengthSize) + size
	b = b[u.lengthSize:]
	return b[:min(int64(len(b)), size)], int64(len(b)) >= size, nil
}

// peek returns n bytes of a source, no more than maxSliceHead and a length.
func (w *unitWindow) peek(r io.ReaderAt, at, n int64) ([]byte, error) {
	skip := at - w.from
	if w.filled == 0 || skip < 0 || skip+n > int64(w.filled) {
		got, err := r.ReadAt(w.bytes[:], at)
		if int64(got) < n {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		w.from, w.filled, skip = at, got, 0
	}
	return w.bytes[skip : skip+n], nil
}
