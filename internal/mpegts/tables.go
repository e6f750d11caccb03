package mpegts

import "encoding/binary"

// The PIDs of a program: those that most muxers use.
const (
	patPID   = 0
	pmtPID   = 0x1000
	videoPID = 0x100
	audioPID = 0x101
)

// appendPAT appends the section of a program association table with one program
// (ISO/IEC 13818-1 §2.4.4.3).
func appendPAT(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0|pmtPID>>8, pmtPID&0xff)
	return appendCRC(dst, at)
}

// appendPMT appends the section of a program map table (§2.4.4.8). The clock is
// in the first of the streams.
func appendPMT(dst []byte, streams ...*Stream) []byte {
	at := len(dst)
	clock := streams[0].pid
	dst = append(dst, 2, 0xb0, 0, 0, 1, 0xc1, 0, 0, 0xe0|byte(clock>>8), byte(clock), 0xf0, 0)
	for _, s := range streams {
		dst = append(dst, s.kind, 0xe0|byte(s.pid>>8), byte(s.pid), 0xf0, byte(len(s.descriptors)))
		dst = append(dst, s.descriptors...)
	}
	dst[at+2] = byte(len(dst) - at - 3 + 4)
	return appendCRC(dst, at)
}

// registration is a registration_descriptor (§2.6.8): of streams whose type not
// all receivers know.
func registration(name string) []byte {
	return append([]byte{5, byte(len(name))}, name...)
}

// appendCRC appends the CRC_32 of the section that begins there (annex A).
func appendCRC(dst []byte, at int) []byte {
	crc := ^uint32(0)
	for _, b := range dst[at:] {
		crc ^= uint32(b) << 24
		for range 8 {
			if crc&0x80000000 != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return binary.BigEndian.AppendUint32(dst, crc)
}
