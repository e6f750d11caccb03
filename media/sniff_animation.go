package media

import (
	"bytes"
	"encoding/binary"
)

// sniffGIF wants the header and a logical screen that has a size (GIF89a, 17 and 18).
// How many pictures there are is known at the end alone: one is not told from many.
func sniffGIF(b []byte) Type {
	if len(b) < 13 || string(b[:6]) != "GIF87a" && string(b[:6]) != "GIF89a" {
		return ""
	}
	if binary.LittleEndian.Uint16(b[6:]) == 0 || binary.LittleEndian.Uint16(b[8:]) == 0 {
		return ""
	}
	return TypeGIF
}

const pngMagic = "\x89PNG\r\n\x1a\n"

// sniffAPNG wants a PNG file that says before its first picture that it has several, by
// the chunk acTL (PNG, third edition, 5.6 and 11.3.6.1).
func sniffAPNG(b []byte) Type {
	if !bytes.HasPrefix(b, []byte(pngMagic+"\x00\x00\x00\x0dIHDR")) {
		return ""
	}
	for at := uint64(len(pngMagic)); at+12 <= uint64(len(b)); {
		length, kind, body := uint64(binary.BigEndian.Uint32(b[at:])), string(b[at+4:at+8]), b[at+8:]
		switch {
		case kind == "acTL" && length == 8 && binary.BigEndian.Uint32(body) > 1:
			return TypeAPNG
		case kind == "acTL", kind == "IDAT":
			return ""
		}
		at += 12 + length
	}
	return ""
}
