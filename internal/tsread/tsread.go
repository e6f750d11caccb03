// Package tsread reads segments of an MPEG-2 transport stream strictly: whatever
// ISO/IEC 13818-1 forbids is an error. It is for tests, and shares nothing with
// what writes such segments.
package tsread

import (
	"encoding/binary"
	"fmt"
)

// Segment is what a segment holds.
type Segment struct {
	ClockPID uint16
	Streams  []Stream
	Units    []Unit           // PES packets, in the order in which they begin
	Counters map[uint16]Count // of packets, by PID
	Clocks   []int64          // PCR, in ticks of 27 MHz
}

// Stream is an elementary stream, as the PMT has it.
type Stream struct {
	PID         uint16
	Type        byte
	Descriptors []byte
}

// Count is the continuity counters of a PID: of the first packet with a payload,
// and that which the next segment should begin with.
type Count struct{ First, Next byte }

// Unit is a PES packet.
type Unit struct {
	PID      uint16
	ID       byte
	PTS, DTS int64
	Random   bool // random_access_indicator
	Aligned  bool // data_alignment_indicator
	Payload  []byte
}

const packetSize = 188

// Read reads a segment, which has to begin with PAT and PMT.
func Read(data []byte) (*Segment, error) {
	r := &reader{Segment: Segment{Counters: map[uint16]Count{}}, open: map[uint16]*pending{}}
	if len(data) == 0 || len(data)%packetSize != 0 {
		return nil, fmt.Errorf("%d bytes are no packets", len(data))
	}
	for n := 0; len(data) > 0; n++ {
		if err := r.packet(n, data[:packetSize]); err != nil {
			return nil, fmt.Errorf("packet %d: %w", n, err)
		}
		data = data[packetSize:]
	}
	for pid, p := range r.open {
		if err := r.end(p); err != nil {
			return nil, fmt.Errorf("the last unit of PID %#x: %w", pid, err)
		}
	}
	return &r.Segment, nil
}

type reader struct {
	Segment

	pmt  uint16
	open map[uint16]*pending
}

// pending is a PES packet that has not ended.
type pending struct {
	at     int // in Units
	data   []byte
	random bool
}

func (r *reader) packet(n int, b []byte) error {
	if b[0] != 0x47 || b[1]&0x80 != 0 || b[3]&0xc0 != 0 {
		return fmt.Errorf("begins with % x", b[:4])
	}
	pid, start := binary.BigEndian.Uint16(b[1:])&0x1fff, b[1]&0x40 != 0
	switch {
	case n == 0 && pid != 0:
		return fmt.Errorf("is not the PAT")
	case n == 1 && (r.pmt == 0 || pid != r.pmt):
		return fmt.Errorf("is not the PMT")
	}
	body, random, err := r.adaptation(pid, b)
	if err != nil {
		return err
	}
	if b[3]&0x10 == 0 {
		return nil
	}
	if err := r.count(pid, b[3]&15); err != nil {
		return err
	}
	switch pid {
	case 0:
		return r.pat(start, body)
	case r.pmt:
		return r.pmtSection(start, body)
	}
	return r.payload(pid, start, random, body)
}

// adaptation reads the adaptation field (§2.4.3.4) and returns what follows it.
func (r *reader) adaptation(pid uint16, b []byte) (body []byte, random bool, err error) {
	if b[3]&0x20 == 0 {
		return b[4:], false, nil
	}
	length := int(b[4])
	if most := packetSize - 6; b[3]&0x10 != 0 && length > most || length > packetSize-5 {
		return nil, false, fmt.Errorf("has an adaptation field of %d bytes", length)
	}
	field := b[5 : 5+length]
	used := 0
	if length > 0 {
		used, random = 1, field[0]&0x40 != 0
		if field[0]&0x10 != 0 {
			if length < 7 || pid != r.ClockPID {
				return nil, false, fmt.Errorf("has a clock of %d bytes in PID %#x", length, pid)
			}
			used = 7
			base := int64(binary.BigEndian.Uint32(field[1:]))<<1 | int64(field[5]>>7)
			r.Clocks = append(r.Clocks, base*300+int64(binary.BigEndian.Uint16(field[5:])&0x1ff))
		}
		if field[0]&0x2f != 0 {
			return nil, false, fmt.Errorf("has flags %#x", field[0])
		}
	}
	for _, c := range field[used:] {
		if c != 0xff {
			return nil, false, fmt.Errorf("is stuffed with %#x", c)
		}
	}
	return b[5+length:], random, nil
}

func (r *reader) count(pid uint16, counter byte) error {
	c, known := r.Counters[pid]
	if !known {
		c.First, c.Next = counter, counter
	}
	if counter != c.Next {
		return fmt.Errorf("counter %d of PID %#x, not %d", counter, pid, c.Next)
	}
	c.Next = (c.Next + 1) & 15
	r.Counters[pid] = c
	return nil
}

// section returns the body of a section after its pointer, without the CRC.
func section(start bool, b []byte, id byte) ([]byte, error) {
	if !start || b[0] != 0 || b[1] != id || b[2]&0xf0 != 0xb0 {
		return nil, fmt.Errorf("is no section of table %d: % x", id, b[:4])
	}
	n := int(binary.BigEndian.Uint16(b[2:]) & 0xfff)
	if n < 9 || n > len(b)-4 {
		return nil, fmt.Errorf("has a section of %d bytes", n)
	}
	if crc(b[1:4+n]) != 0 {
		return nil, fmt.Errorf("has a section whose CRC is wrong")
	}
	return b[4:n], nil
}

func (r *reader) pat(start bool, b []byte) error {
	body, err := section(start, b, 0)
	if err != nil {
		return err
	}
	if len(body) != 5+4 || binary.BigEndian.Uint16(body[5:]) == 0 {
		return fmt.Errorf("the PAT has not one program: % x", body)
	}
	r.pmt = binary.BigEndian.Uint16(body[7:]) & 0x1fff
	return nil
}

func (r *reader) pmtSection(start bool, b []byte) error {
	body, err := section(start, b, 2)
	if err != nil {
		return err
	}
	r.ClockPID = binary.BigEndian.Uint16(body[5:]) & 0x1fff
	body = body[9+int(binary.BigEndian.Uint16(body[7:])&0xfff):]
	for len(body) >= 5 {
		n := int(binary.BigEndian.Uint16(body[3:]) & 0xfff)
		r.Streams = append(r.Streams, Stream{PID: binary.BigEndian.Uint16(body[1:]) & 0x1fff, Type: body[0], Descriptors: body[5 : 5+n]})
		body = body[5+n:]
	}
	if len(body) > 0 || len(r.Streams) == 0 {
		return fmt.Errorf("the PMT has %d streams and % x", len(r.Streams), body)
	}
	return nil
}

func (r *reader) payload(pid uint16, start, random bool, b []byte) error {
	known := false
	for _, s := range r.Streams {
		known = known || s.PID == pid
	}
	if !known {
		return fmt.Errorf("PID %#x is not in the PMT", pid)
	}
	p := r.open[pid]
	switch {
	case start && p != nil:
		if err := r.end(p); err != nil {
			return err
		}
		fallthrough
	case start:
		p = &pending{at: len(r.Units), random: random}
		r.open[pid] = p
		r.Units = append(r.Units, Unit{PID: pid})
	case p == nil:
		return fmt.Errorf("PID %#x begins within a unit", pid)
	}
	p.data = append(p.data, b...)
	return nil
}

// end reads a whole PES packet (§2.4.3.6).
func (r *reader) end(p *pending) error {
	b, u := p.data, &r.Units[p.at]
	if len(b) < 14 || b[0] != 0 || b[1] != 0 || b[2] != 1 || b[6]&0xc0 != 0x80 {
		return fmt.Errorf("a unit begins with % x", b[:min(9, len(b))])
	}
	if n := int(binary.BigEndian.Uint16(b[4:])); n != 0 && n != len(b)-6 || n == 0 && b[3]&0xf0 != 0xe0 {
		return fmt.Errorf("a unit of %d bytes says that it has %d", len(b)-6, n)
	}
	head := 9 + int(b[8])
	if head > len(b) {
		return fmt.Errorf("a header of %d bytes in a unit of %d", head, len(b))
	}
	u.ID, u.Random, u.Aligned, u.Payload = b[3], p.random, b[6]&4 != 0, b[head:]
	var err error
	used := 14
	switch b[7] {
	case 0x80:
		u.PTS, err = timestamp(b[9:], 2)
		u.DTS = u.PTS
	case 0xc0:
		used = 19
		if u.PTS, err = timestamp(b[9:], 3); err == nil {
			u.DTS, err = timestamp(b[14:], 1)
		}
	default:
		err = fmt.Errorf("a unit has flags %#x", b[7])
	}
	for _, c := range b[min(used, head):head] {
		if c != 0xff {
			return fmt.Errorf("a header is stuffed with %#x", c)
		}
	}
	return err
}

func timestamp(b []byte, mark byte) (int64, error) {
	if b[0]>>4 != mark || b[0]&b[2]&b[4]&1 == 0 {
		return 0, fmt.Errorf("a timestamp is % x", b[:5])
	}
	return int64(b[0]>>1&7)<<30 | int64(b[1])<<22 | int64(b[2]>>1)<<15 | int64(b[3])<<7 | int64(b[4]>>1), nil
}

// crc is 0 of a section with its own CRC_32.
func crc(b []byte) uint32 {
	v := ^uint32(0)
	for _, c := range b {
		for i := 7; i >= 0; i-- {
			top := v>>31 ^ uint32(c>>i&1)
			if v <<= 1; top != 0 {
				v ^= 0x04c11db7
			}
		}
	}
	return v
}
