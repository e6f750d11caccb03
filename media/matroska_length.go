package media

// lengthHead is how many bytes of a frame tell how long it lasts.
const lengthHead = 16

// opusLength is how long a packet of Opus lasts, in samples at 48 kHz (RFC 6716
// §3.1 and §3.2).
func opusLength(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	var one uint32
	switch config := b[0] >> 3; {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		one = [4]uint32{480, 960, 1920, 2880}[config%4]
	case config < 16: // hybrid: 10, 20 ms
		one = [2]uint32{480, 960}[config%2]
	default: // CELT: 2.5, 5, 10, 20 ms
		one = [4]uint32{120, 240, 480, 960}[config%4]
	}
	switch b[0] & 3 {
	case 0:
		return one
	case 1, 2:
		return 2 * one
	}
	if len(b) < 2 {
		return 0
	}
	return one * uint32(b[1]&63)
}

// flacLength is how many samples a frame of FLAC has (RFC 9639 §9.1).
func flacLength(b []byte) uint32 {
	if len(b) < 5 || b[0] != 0xff || b[1]&0xfe != 0xf8 {
		return 0
	}
	switch code := b[2] >> 4; {
	case code == 0:
		return 0
	case code == 1:
		return 192
	case code < 6:
		return 576 << (code - 2)
	case code > 7:
		return 256 << (code - 8)
	case code == 6:
		if b = b[4+coded(b[4]):]; len(b) > 0 {
			return uint32(b[0]) + 1
		}
	default:
		if b = b[4+coded(b[4]):]; len(b) > 1 {
			return (uint32(b[0])<<8 | uint32(b[1])) + 1
		}
	}
	return 0
}

// coded is how many bytes a frame's number takes by its first one.
func coded(b byte) int {
	n := 0
	for ; b&0x80 != 0; b <<= 1 {
		n++
	}
	return max(n, 1)
}

// mp3Length is how many samples a frame of MPEG audio layer III has (ISO/IEC
// 11172-3 §2.4.2.1); 0 where it is none.
func mp3Length(b []byte) uint32 {
	if mpegFrame(b) == 0 || b[1]>>1&3 != 1 {
		return 0
	}
	if b[1]>>3&3 == 3 {
		return 1152
	}
	return 576
}
