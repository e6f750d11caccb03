package media

import (
	"encoding/binary"
	"io"
)

// intraWindow is how much of a sample is read at a time.
const intraWindow = 512

// maxUnits is how many units (NAL units, OBUs) are looked at before a picture.
const maxUnits = 64

// Intra reports whether a sample of video, coded as one of Track.Entries says,
// is a picture that decodes without any other: an IDR picture or an I picture
// of H.264, an IRAP picture of HEVC, a key frame of AV1 or VP9. The sample is read from
// the source r, from its beginning to the first coded slice. An error is one of
// r; a sample that cannot be understood is none that decodes.
func Intra(r io.ReaderAt, entry []byte, s Sample) (bool, error) {
	return pictureOf(entry)(&units{r: r, at: s.Offset, end: s.Offset + int64(s.Size)})
}

// pictureOf is how samples of an entry are looked at.
func pictureOf(entry []byte) func(*units) (bool, error) {
	if len(entry) < 8+visualHeader {
		return nothing
	}
	for _, b := range inners(entry[8+visualHeader:]) {
		switch {
		case b.kind == "avcC" && len(b.body) > 4:
			size := int(b.body[4]&3) + 1
			return func(u *units) (bool, error) { return u.first(size, avcPicture) }
		case b.kind == "hvcC" && len(b.body) > 21:
			size := int(b.body[21]&3) + 1
			return func(u *units) (bool, error) { return u.first(size, hevcPicture) }
		case b.kind == "av1C":
			return (*units).firstOBU
		case b.kind == "vpcC":
			return (*units).vp9Picture
		}
	}
	return nothing
}

func nothing(*units) (bool, error) { return false, nil }

// units walks the units of a sample.
type units struct {
	r       io.ReaderAt
	at, end int64
	window  [intraWindow]byte
	from    int64 // where window begins
	filled  int   // of it
}

// reset begins another sample. What was read of the source stays.
func (u *units) reset(r io.ReaderAt, offset int64, size uint32) {
	u.r, u.at, u.end = r, offset, offset+int64(size)
}

// peek returns up to n bytes from where u is, which is no more than a window.
func (u *units) peek(n int) ([]byte, error) {
	n = int(max(min(int64(n), u.end-u.at), 0))
	skip := u.at - u.from
	if skip < 0 || skip+int64(n) > int64(u.filled) {
		want := min(int64(len(u.window)), u.end-u.at)
		got, err := u.r.ReadAt(u.window[:want], u.at)
		if int64(got) < want {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		u.from, u.filled, skip = u.at, got, 0
	}
	return u.window[skip : skip+int64(n)], nil
}

// answer is what a unit says of the picture.
type answer int

const (
	unknown answer = iota // it belongs to no picture
	alone
	dependent
)

// sliceHead is enough of a NAL unit to see of which type its slice is.
const sliceHead = 12

// first looks for the first slice, in NAL units after their lengths.
func (u *units) first(lengthSize int, picture func([]byte) answer) (bool, error) {
	for range maxUnits {
		b, err := u.peek(lengthSize + sliceHead)
		if err != nil || len(b) <= lengthSize {
			return false, err
		}
		var length [8]byte
		copy(length[8-lengthSize:], b)
		size := int64(binary.BigEndian.Uint64(length[:]))
		if size > u.end-u.at-int64(lengthSize) {
			return false, nil
		}
		if unit := b[lengthSize:][:min(int64(len(b)-lengthSize), size)]; len(unit) > 0 {
			if a := picture(unit); a != unknown {
				return a == alone, nil
			}
		}
		u.at += int64(lengthSize) + size
	}
	return false, nil
}

// avcPicture reads a NAL unit of H.264 (ITU-T H.264 §7.3). Slice type 7 says that
// all slices of the picture are I slices; 2 would only speak of this one.
func avcPicture(unit []byte) answer {
	switch unit[0] & 31 {
	case 5:
		return alone
	case 1:
		bits := bitReader{b: unit[1:]}
		bits.golomb() // first_mb_in_slice
		if kind := bits.golomb(); kind == 7 && !bits.over {
			return alone
		}
		return dependent
	case 2, 3, 4:
		return dependent
	}
	return unknown
}

// hevcPicture reads a NAL unit of HEVC (ITU-T H.265 §7.4.2.2): types 16 to 21 are
// IRAP pictures, whose slices are all I slices.
func hevcPicture(unit []byte) answer {
	switch kind := unit[0] >> 1 & 63; {
	case kind >= 32:
		return unknown
	case kind >= 16 && kind <= 21:
		return alone
	}
	return dependent
}

// firstOBU looks for the first frame of a temporal unit (AV1 Bitstream §5.3, §5.9.2).
func (u *units) firstOBU() (bool, error) {
	still := false // of the sequence: all its frames are key frames
	for range maxUnits {
		b, err := u.peek(2 + maxLEB128 + 1)
		if err != nil || len(b) < 2 {
			return false, err
		}
		head := 1 + int(b[0]>>2&1)
		kind, size, used := b[0]>>3&15, u.end-u.at-int64(head), 0
		if b[0]&2 != 0 {
			if size, used = leb128(b[head:]); used == 0 {
				return false, nil
			}
		}
		body := b[head+used:]
		if size > u.end-u.at-int64(head+used) || len(body) == 0 && size > 0 {
			return false, nil
		}
		switch {
		case size == 0:
		case kind == 1: // sequence header
			still = body[0]&8 != 0
		case kind == 3, kind == 6: // frame header, frame
			const showExisting, frameType, showFrame = 0x80, 0x60, 0x10
			return still || body[0]&(showExisting|frameType) == 0 && body[0]&showFrame != 0, nil
		}
		u.at += int64(head+used) + size
	}
	return false, nil
}

// vp9Picture looks at the header of the first frame of a sample.
func (u *units) vp9Picture() (bool, error) {
	b, err := u.peek(32)
	if err != nil {
		return false, err
	}
	f, ok := vp9Header(b)
	return ok && f.key, nil
}

// maxLEB128 is how many bytes of a size are read: enough for any sample.
const maxLEB128 = 5

// leb128 reads a size and returns how many bytes it took, 0 where it is none.
func leb128(b []byte) (v int64, used int) {
	for i := range min(len(b), maxLEB128) {
		v |= int64(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, i + 1
		}
	}
	return 0, 0
}
