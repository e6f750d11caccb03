package media_test

import (
	"os"
	"testing"

	"github.com/streamgate/streamgate/media"
)

func TestPicturesAreNamed(t *testing.T) {
	for name, tc := range map[string]struct{ head, want string }{
		"JPEG":                    {"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "JPEG"},
		"PNG":                     {pngHead + "\x00\x00\x00\x00IDAT", "PNG"},
		"an APNG of one picture":  {pngHead + "\x00\x00\x00\x08acTL\x00\x00\x00\x01\x00\x00\x00\x00", "PNG"},
		"an APNG":                 {pngHead + "\x00\x00\x00\x08acTL\x00\x00\x00\x02\x00\x00\x00\x00", ""},
		"a GIF":                   {"GIF89a\x40\x01\xb4\x00\xf7\x00\x00", ""},
		"a GIF without a size":    {"GIF89a\x00\x00\x00\x00\xf7\x00\x00", "GIF"},
		"WebP":                    {"RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00\x30\x01", "WebP"},
		"WebP with an alpha":      {"RIFF\x24\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00", "WebP"},
		"WebP that moves":         {"RIFF\x24\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x12\x00", "animated WebP"},
		"AVIF":                    {"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1", "AVIF"},
		"AVIF that moves":         {"\x00\x00\x00\x2cftypavis\x00\x00\x00\x00avif", ""},
		"HEIC":                    {"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"},
		"HEIF":                    {"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "HEIF"},
		"an MP4":                  {"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00mp41", ""},
		"JPEG XL":                 {"\x00\x00\x00\x0cJXL \r\n\x87\n\x00\x00\x00\x14ftyp", "JPEG XL"},
		"TIFF":                    {"II\x2a\x00\x08\x00\x00\x00", "TIFF"},
		"BMP":                     {"BM\x36\x84\x03\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00", "BMP"},
		"a text that begins so":   {"BMW builds cars and engines", ""},
		"a page":                  {"<!DOCTYPE html><html>", ""},
		"nothing":                 {"", ""},
		"the beginning of a RIFF": {"RIFF\x24\x00\x00\x00WEBP", ""},
	} {
		if got := media.SniffPicture([]byte(tc.head)); got != tc.want {
			t.Errorf("%s is %q, want %q", name, got, tc.want)
		}
	}
}

func ExampleSniffPicture() {
	head := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00")
	os.Stdout.WriteString("this is a picture (" + media.SniffPicture(head) + "), not a video\n")
	// Output: this is a picture (JPEG), not a video
}
