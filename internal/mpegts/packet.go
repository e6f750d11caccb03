package mpegts

import "io"

const (
	packetSize  = 188
	headerSize  = 4
	payloadSize = packetSize - headerSize

	// counters is how many values a continuity counter has: a segment has a
	// multiple of it of each stream.
	counters = 16

	// blockPackets is how many packets are written at once.
	blockPackets = 1394 // 256 KiB
)

// A packetizer cuts PES packets into transport packets. The first error of the
// writer ends it.
type packetizer struct {
	to  io.Writer
	err error

	block [blockPackets * packetSize]byte
	at    int   // in block
	sent  int64 // bytes before block

	pid     uint16
	counter byte
	room    int // bytes of payload that the open packet still takes
	left    int // bytes of the PES packet for packets that are not open yet
	packets int // of these
}

// pes is a PES packet on its way into transport packets.
type pes struct {
	size    int // header and payload
	clock   bool
	random  bool  // random_access_indicator
	pcr     int64 // where there is a clock
	packets int   // how many it is put into, no fewer than it needs
}

// adaptation is how many bytes the adaptation field of its first packet has at
// least.
func (p *pes) adaptation() int {
	switch {
	case p.clock:
		return 8
	case p.random:
		return 2
	}
	return 0
}

// needs is how many packets it takes at least.
func (p *pes) needs() int {
	return 1 + (max(0, p.size-(payloadSize-p.adaptation()))+payloadSize-1)/payloadSize
}

// begin begins a PES packet, of which write brings p.size bytes.
func (z *packetizer) begin(pid uint16, counter byte, p *pes) {
	z.pid, z.counter = pid, counter
	z.left, z.packets = p.size, p.packets
	z.first(p)
}

// first opens the first packet, which alone has more than stuffing in its
// adaptation field.
func (z *packetizer) first(p *pes) {
	field := p.adaptation()
	n := min(payloadSize-field, z.left-(z.packets-1))
	b := z.header(0x40, n)
	if field == 0 {
		return
	}
	if p.random {
		b[5] |= 0x40
	}
	if p.clock {
		b[5] |= 0x10
		base := uint64(p.pcr) & timeMask
		b[6], b[7], b[8], b[9] = byte(base>>25), byte(base>>17), byte(base>>9), byte(base>>1)
		b[10], b[11] = byte(base<<7)|0x7e, 0
	}
}

// header opens a packet with n bytes of payload, stuffed in front of them.
func (z *packetizer) header(start byte, n int) []byte {
	if z.at == len(z.block) {
		z.flush()
	}
	b := z.block[z.at : z.at+packetSize]
	b[0] = 0x47
	b[1] = start | byte(z.pid>>8)
	b[2] = byte(z.pid)
	b[3] = 0x10 | z.counter&15
	z.counter++
	z.at += headerSize
	if stuffing := payloadSize - n; stuffing > 0 {
		b[3] |= 0x20
		b[4] = byte(stuffing - 1)
		if stuffing > 1 {
			b[5] = 0
			for i := 6; i < headerSize+stuffing; i++ {
				b[i] = 0xff
			}
		}
		z.at += stuffing
	}
	z.room = n
	z.left -= n
	z.packets--
	return b
}

// write takes the next bytes of the PES packet.
func (z *packetizer) write(p []byte) {
	for len(p) > 0 {
		if z.room == 0 {
			if z.packets == 0 {
				z.err = errSize
				return
			}
			z.header(0, min(payloadSize, z.left-(z.packets-1))) // a byte for each that follows
		}
		n := copy(z.block[z.at:z.at+z.room], p)
		z.at += n
		z.room -= n
		p = p[n:]
	}
}

// table writes a packet with a section of a table.
func (z *packetizer) table(pid uint16, counter byte, section []byte) {
	z.pid, z.counter, z.left, z.packets = pid, counter, payloadSize, 1
	z.header(0x40, payloadSize)
	n := copy(z.block[z.at:z.at+payloadSize-1], "\x00") // pointer_field
	n += copy(z.block[z.at+n:z.at+payloadSize], section)
	for i := z.at + n; i < z.at+payloadSize; i++ {
		z.block[i] = 0xff
	}
	z.at += payloadSize
	z.room = 0
}

func (z *packetizer) flush() {
	if z.err == nil {
		var n int
		n, z.err = z.to.Write(z.block[:z.at])
		z.sent += int64(n)
	}
	z.at = 0
}
