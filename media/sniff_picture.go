package media

import (
	"bytes"
	"slices"
)

// pictureMagic are what files of pictures begin with.
var pictureMagic = []struct{ begin, name string }{
	{"\xff\xd8\xff", "JPEG"},
	{pngMagic, "PNG"},
	{"GIF87a", "GIF"},
	{"GIF89a", "GIF"},
	{"II\x2a\x00", "TIFF"},
	{"MM\x00\x2a", "TIFF"},
	{"8BPS\x00\x01", "Photoshop"},
	{"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"},
	{"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"},
}

// SniffPicture names the format of a picture by its first bytes, such as "JPEG", so that
// whoever sent one in place of a film is told so; "animated WebP" is one that moves. It
// is "" for all else, and for what Sniff knows. Like Sniff it looks at SniffLen bytes.
func SniffPicture(head []byte) string {
	head = head[:min(len(head), SniffLen)]
	if _, ok := Sniff(head); ok {
		return ""
	}
	for _, m := range pictureMagic {
		if bytes.HasPrefix(head, []byte(m.begin)) {
			return m.name
		}
	}
	switch {
	case len(head) < 16:
	case string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return webP(head)
	case string(head[4:8]) == "ftyp":
		return stillBrands[string(head[8:12])]
	case string(head[:2]) == "BM" && slices.Equal(head[6:10], make([]byte, 4)): // reserved
		return "BMP"
	}
	return ""
}

// webP tells a picture from one that moves, by the flags of its extended header (RFC
// 9649, 2.7).
func webP(b []byte) string {
	const moves = 2
	if len(b) > 20 && string(b[12:16]) == "VP8X" && b[20]&moves != 0 {
		return "animated WebP"
	}
	return "WebP"
}

// stillBrands are those of ISO base media files that are pictures (ISO/IEC 23008-12, 10).
var stillBrands = map[string]string{
	"avif": "AVIF", "heic": "HEIC", "heix": "HEIC", "heim": "HEIC", "heis": "HEIC", "mif1": "HEIF",
	"crx ": "Canon raw", "jp2 ": "JPEG 2000", "jpx ": "JPEG 2000", "jxl ": "JPEG XL",
}
