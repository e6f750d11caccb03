package media

import "bytes"

// sniffFLAC wants the marker and a STREAMINFO block of 34 bytes after it (RFC 9639, 8.2).
func sniffFLAC(b []byte) Type {
	if len(b) >= 8 && string(b[:4]) == "fLaC" && b[4]&0x7f == 0 && b[5] == 0 && b[6] == 0 && b[7] == 34 {
		return TypeFLAC
	}
	return ""
}

// sniffID3 looks past an ID3v2 tag at what it stands before. A tag that is
// longer than the bytes at hand speaks for MP3.
func sniffID3(b []byte) Type {
	if len(b) < 10 || string(b[:3]) != "ID3" || b[3] < 2 || b[3] > 4 || (b[6]|b[7]|b[8]|b[9])&0x80 != 0 {
		return ""
	}
	end := 10 + (int(b[6])<<21 | int(b[7])<<14 | int(b[8])<<7 | int(b[9]))
	if b[5]&0x10 != 0 {
		end += 10 // the footer of ID3v2.4
	}
	if end >= len(b) {
		return TypeMP3
	}
	rest := b[end:]
	if t := sniffFLAC(rest); t != "" {
		return t
	}
	return frameType(bytes.TrimLeft(rest, "\x00"), 1)
}

// sniffFrames knows bare MPEG audio and ADTS. A file that begins with a zero may
// begin within a frame, as recorders cut them: there the first frames are looked
// for, and more of them wanted.
func sniffFrames(b []byte) Type {
	if t := frameType(b, 2); t != "" || len(b) == 0 || b[0] != 0 {
		return t
	}
	for i := bytes.IndexByte(b, 0xff); i >= 0 && i < len(b); i++ {
		if t := frameType(b[i:], 4); t != "" {
			return t
		}
	}
	return ""
}

// frameType says which of the two b begins with, when at least so many whole
// frames follow each other and the next one begins as it should.
func frameType(b []byte, frames int) Type {
	for _, f := range []struct {
		length func([]byte) int
		t      Type
	}{{mpegFrame, TypeMP3}, {adtsFrame, TypeAAC}} {
		if chained(b, f.length, frames) {
			return f.t
		}
	}
	return ""
}

// chained follows frames from the beginning of b: up to eight of them, or to
// where the bytes at hand end.
func chained(b []byte, length func([]byte) int, frames int) bool {
	for n := range 8 {
		size := length(b)
		if size == 0 || size > len(b) {
			return n >= frames && (size > len(b) || len(b) < 7)
		}
		b = b[size:]
	}
	return true
}

var mpegRates = [2][3][15]int{ // kbit/s; MPEG-1 and MPEG-2, by layer (ISO/IEC 11172-3, 2.4.2.3; 13818-3, 2.4.2.3)
	{
		{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	},
	{
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
	},
}

// mpegFrame returns the length of the MPEG audio frame that b begins with, or 0.
func mpegFrame(b []byte) int {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return 0
	}
	version, layer := b[1]>>3&3, 4-int(b[1]>>1&3) // 3 is MPEG-1, 2 MPEG-2, 0 MPEG-2.5
	rate, freq, pad := int(b[2]>>4), int(b[2]>>2&3), int(b[2]>>1&1)
	if version == 1 || layer == 4 || rate == 0 || rate == 15 || freq == 3 {
		return 0
	}
	hz := [3]int{44100, 48000, 32000}[freq]
	low := 0
	switch version {
	case 2:
		hz, low = hz/2, 1
	case 0:
		hz, low = hz/4, 1
	}
	bits := mpegRates[low][layer-1][rate] * 1000
	switch {
	case layer == 1:
		return (12*bits/hz + pad) * 4
	case layer == 3 && low == 1:
		return 72*bits/hz + pad
	}
	return 144*bits/hz + pad
}

// adtsFrame returns the length of the ADTS frame that b begins with, or 0
// (ISO/IEC 13818-7, 6.2).
func adtsFrame(b []byte) int {
	if len(b) < 7 || b[0] != 0xff || b[1]&0xf6 != 0xf0 || b[2]>>2&0xf > 12 {
		return 0
	}
	size := int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5]>>5)
	if size < 7 {
		return 0
	}
	return size
}
