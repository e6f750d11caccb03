package media

import (
	"encoding/binary"
	"io"
	"math/bits"
	"strconv"
)

// ClosedCaptions are the channels of closed captions that are in the pictures of
// a video: of CEA-608, and services of CEA-708.
type ClosedCaptions struct {
	Channels uint8  // CC1 to CC4: bits 0 to 3
	Services uint64 // SERVICE1 to SERVICE63: bits 1 to 63
}

// Any reports whether there are any.
func (c ClosedCaptions) Any() bool { return c.Channels != 0 || c.Services != 0 }

// Add adds those of another picture.
func (c *ClosedCaptions) Add(o ClosedCaptions) {
	c.Channels |= o.Channels
	c.Services |= o.Services
}

// List returns their names, as INSTREAM-ID of HLS has them (RFC 8216bis §4.4.6.1).
func (c ClosedCaptions) List() []string {
	var list []string
	for i := range 4 {
		if c.Channels>>i&1 != 0 {
			list = append(list, "CC"+strconv.Itoa(i+1))
		}
	}
	for rest := c.Services &^ 1; rest != 0; rest &= rest - 1 {
		list = append(list, "SERVICE"+strconv.Itoa(bits.TrailingZeros64(rest)))
	}
	return list
}

// maxSEI is how many bytes of a unit of messages are read.
const maxSEI = 2 << 10

// FindClosedCaptions looks for closed captions in a sample of video, coded as one
// of Track.Entries says: in the messages that stand before the first slice of
// H.264 and HEVC (ATSC A/53 part 4 §6.2.3). It reads those from the source r. In
// other codecs it looks for nothing, and looked is false. An error is one of r;
// what cannot be understood has none.
func FindClosedCaptions(r io.ReaderAt, entry []byte, s Sample) (found ClosedCaptions, looked bool, _ error) {
	if len(entry) < 8+visualHeader {
		return found, false, nil
	}
	u := &units{r: r, at: s.Offset, end: s.Offset + int64(s.Size)}
	for _, b := range inners(entry[8+visualHeader:]) {
		switch {
		case b.kind == "avcC" && len(b.body) > 4:
			err := u.closedCaptions(&found, int(b.body[4]&3)+1, 1, func(head byte) (isSEI, isSlice bool) {
				return head&31 == 6, head&31 >= 1 && head&31 <= 5
			})
			return found, true, err
		case b.kind == "hvcC" && len(b.body) > 21:
			err := u.closedCaptions(&found, int(b.body[21]&3)+1, 2, func(head byte) (isSEI, isSlice bool) {
				return head>>1&63 == 39, head>>1&63 < 32
			})
			return found, true, err
		}
	}
	return found, false, nil
}

// closedCaptions walks NAL units up to the first slice.
func (u *units) closedCaptions(to *ClosedCaptions, lengthSize, header int, kind func(byte) (isSEI, isSlice bool)) error {
	for range maxUnits {
		b, err := u.peek(lengthSize + 1)
		if err != nil || len(b) <= lengthSize {
			return err
		}
		var length [8]byte
		copy(length[8-lengthSize:], b[:lengthSize])
		size := int64(binary.BigEndian.Uint64(length[:]))
		if size > u.end-u.at-int64(lengthSize) {
			return nil
		}
		isSEI, isSlice := false, false
		if size > 0 {
			isSEI, isSlice = kind(b[lengthSize])
		}
		if isSlice {
			return nil
		}
		u.at += int64(lengthSize)
		if isSEI && size <= maxSEI {
			unit, err := u.unit(int(size))
			if err != nil {
				return err
			}
			messages(unescaped(unit, header).b, to)
		}
		u.at += size
	}
	return nil
}

// unit returns n bytes from where u is, which lie within the sample.
func (u *units) unit(n int) ([]byte, error) {
	if n <= len(u.window) {
		return u.peek(n)
	}
	b := make([]byte, n)
	if got, err := u.r.ReadAt(b, u.at); got < n {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

// messages reads SEI messages (Rec. ITU-T H.264 §7.3.2.3, H.265 §7.3.5).
func messages(b []byte, to *ClosedCaptions) {
	field := func() (v int, ok bool) {
		for len(b) > 0 {
			c := b[0]
			b = b[1:]
			if v += int(c); c != 0xff {
				return v, true
			}
		}
		return 0, false
	}
	for len(b) > 2 { // the last byte is not of a message
		kind, _ := field()
		size, ok := field()
		if !ok || size > len(b) {
			return
		}
		if kind == 4 {
			userData(b[:size], to)
		}
		b = b[size:]
	}
}

// userData reads a message that Rec. ITU-T T.35 gives to others: ATSC's, in which
// there is cc_data (A/53 part 4 §6.2.3.1).
func userData(b []byte, to *ClosedCaptions) {
	const country, provider, captions = 0xb5, 0x0031, 3
	if len(b) < 10 || b[0] != country || binary.BigEndian.Uint16(b[1:]) != provider || string(b[3:7]) != "GA94" || b[7] != captions || b[8]&0x40 == 0 {
		return
	}
	count := int(b[8] & 31)
	triplets := b[10:]
	ccData(triplets[:min(len(triplets), 3*count)], to)
}

// ccData reads the triplets of cc_data (CEA-708 §4.3).
func ccData(b []byte, to *ClosedCaptions) {
	var packet []byte // of CEA-708, of which the beginning is here
	for ; len(b) >= 3; b = b[3:] {
		if b[0]&4 == 0 { // cc_valid
			continue
		}
		switch kind := b[0] & 3; kind {
		case 0, 1:
			lineCaptions(int(kind), b[1]&0x7f, b[2]&0x7f, to)
		case 3:
			services(packet, to)
			packet = append([]byte(nil), b[1], b[2])
		case 2:
			if packet != nil {
				packet = append(packet, b[1], b[2])
			}
		}
	}
	services(packet, to)
}

// lineCaptions reads a pair of bytes of CEA-608, of one of two fields. A control
// code says of which channel it is; text follows one of those. What is no
// captions, such as text services and XDS, has other codes.
func lineCaptions(field int, a, b byte, to *ClosedCaptions) {
	const resumeLoading, backgroundOff = 0x20, 0x2f
	isControl := a&0x76 == 0x14 && b >= resumeLoading && b <= backgroundOff && b != 0x2a && b != 0x2b // text restart, resume text display
	isAddress := a >= 0x10 && a <= 0x1f && b >= 0x40
	if isControl || isAddress {
		to.Channels |= 1 << (2*field + int(a>>3&1))
	}
}

// services reads the service blocks of a packet of CEA-708 (§5 and §6.2).
func services(packet []byte, to *ClosedCaptions) {
	if len(packet) < 2 {
		return
	}
	for b := packet[1:]; len(b) > 0; {
		number, size := int(b[0]>>5), int(b[0]&31)
		b = b[1:]
		if number == 7 && len(b) > 0 && size > 0 {
			number = int(b[0] & 63)
			b = b[1:]
		}
		if number == 0 {
			return
		}
		if size > 0 {
			to.Services |= 1 << number
		}
		b = b[min(size, len(b)):]
	}
}
