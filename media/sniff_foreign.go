package media

import "bytes"

// foreignMagic are what files of containers begin with that only a transcoder reads.
var foreignMagic = []struct {
	begin string
	t     Type
}{
	{"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", TypeASF}, // ASF header object (ASF 10.1)
	{"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", TypeMXF},         // header partition pack (SMPTE ST 377-1, 7.1)
	{".RMF\x00\x00\x00", TypeReal},
	{"caff\x00\x01\x00\x00desc", TypeCAF},
	{"#!AMR\n", TypeAMR},
	{"#!AMR-WB\n", TypeAMR},
}

// sniffForeign knows these containers, and AIFF.
func sniffForeign(b []byte) Type {
	for _, m := range foreignMagic {
		if bytes.HasPrefix(b, []byte(m.begin)) {
			return m.t
		}
	}
	if len(b) >= 16 && string(b[:4]) == "FORM" && (string(b[8:12]) == "AIFF" || string(b[8:12]) == "AIFC") {
		return TypeAIFF
	}
	return ""
}

// sniffDV knows the DIF blocks of 80 bytes of a tape (IEC 61834-2): a header, two of
// subcode, and three of auxiliary data, each with its number.
func sniffDV(b []byte) Type {
	const block = 80
	if len(b) < 6*block {
		return ""
	}
	for n, kind := range []byte{0x1f, 0x3f, 0x3f, 0x56, 0x56, 0x56} {
		number := byte(0)
		if n > 0 {
			number = []byte{0, 1, 0, 1, 2}[n-1]
		}
		at := b[n*block:]
		if at[0] != kind || at[1]&0xf0 != 0 || at[2] != number {
			return ""
		}
	}
	return TypeDV
}
