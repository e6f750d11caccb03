package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// picture is a sample entry of that kind of configuration, lengths in 4 bytes.
func pictureEntry(config string) []byte {
	body := make([]byte, 23)
	body[4], body[21] = 3, 3
	return makeBox("vide", make([]byte, visualHeader), makeBox("btrt", make([]byte, 12)), makeBox(config, body))
}

// nal is NAL units after their lengths, each written as its first bytes and a size.
func nal(units ...string) string {
	var b strings.Builder
	for _, u := range units {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(u)))
		b.Write(n[:])
		b.WriteString(u)
	}
	return b.String()
}

func TestPicturesThatDecodeAlone(t *testing.T) {
	sei := "\x06\x05" + strings.Repeat("x", 3*intraWindow)
	for _, c := range []struct {
		name, config, sample string
		want                 bool
	}{
		{"an IDR picture of H.264", "avcC", nal("\x65\x88\x84"), true},
		{"behind a delimiter, parameter sets and a long message", "avcC", nal("\x09\x10", "\x67abc", "\x68ab", sei, sei, "\x25\x88\x84"), true},
		{"a picture of I slices alone", "avcC", nal("\x06xx", "\x41\x88\x84"), true},
		{"one whose other slices may be P slices", "avcC", nal("\x41\xb0\x00"), false},
		{"a P picture", "avcC", nal("\x41\x9a\x00"), false},
		{"a partition", "avcC", nal("\x42\x88\x84"), false},
		{"no picture", "avcC", nal("\x09\x10", "\x67abc"), false},
		{"nothing", "avcC", "", false},
		{"a unit that goes on behind the sample", "avcC", "\x00\x00\x00\x09\x65\x88", false},
		{"units without end", "avcC", strings.Repeat(nal("\x09\x10"), 1000) + nal("\x65\x88"), false},
		{"empty units", "avcC", nal("", "", "\x65\x88"), true},
		{"a slice that is cut off", "avcC", nal("\x41"), false},
		{"an IDR picture of HEVC", "hvcC", nal("\x40\x01ab", "\x26\x01xyz"), true},
		{"a CRA picture of HEVC", "hvcC", nal("\x4e\x01ab", "\x2a\x01xyz"), true},
		{"a reserved IRAP", "hvcC", nal("\x2c\x01xyz"), false},
		{"a trailing picture of HEVC", "hvcC", nal("\x02\x01xyz"), false},
		{"a leading picture of HEVC", "hvcC", nal("\x12\x01xyz"), false},
		{"a key frame of AV1", "av1C", "\x12\x00\x0a\x02\x00\x00\x32\x04\x10xyz", true},
		{"without a size", "av1C", "\x0a\x01\x00\x30\x10xyz", true},
		{"with an extension", "av1C", "\x0e\x00\x01\x00\x36\x00\x02\x10x", true},
		{"a key frame that is not shown", "av1C", "\x32\x04\x00xyz", false},
		{"an intra-only frame", "av1C", "\x32\x04\x50xyz", false},
		{"a frame of AV1 that depends on others", "av1C", "\x32\x04\x30xyz", false},
		{"one that is shown again", "av1C", "\x1a\x01\x90", false},
		{"a key frame of VP9", "vpcC", "\x82\x49\x83\x42\x20\x03\xf0\x02\xf0", true},
		{"a frame of VP9 that depends on others", "vpcC", "\x86\x00\x40\x92\x9c\x00\x00\x00\x00", false},
		{"one of VP9 that is shown again", "vpcC", "\x8b", false},
		{"a still picture of AV1", "av1C", "\x0a\x02\x18\x00\x32\x01\xf0", true},
		{"a size that does not end", "av1C", "\x32\xff\xff\xff\xff\xff\xff\xff", false},
		{"a codec that is not known", "vpcC", "\x00\x00\x00", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := "other bytes of the file"
			s := Sample{Offset: int64(len(before)), Size: uint32(len(c.sample))}
			got, err := Intra(strings.NewReader(before+c.sample+nal("\x65\x88")), pictureEntry(c.config), s)
			if err != nil || got != c.want {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
		})
	}
}

func TestAPictureThatCannotBeReadIsAnError(t *testing.T) {
	s := Sample{Offset: 10, Size: 100}
	if _, err := Intra(strings.NewReader("short"), pictureEntry("avcC"), s); err == nil {
		t.Error("the file ends before it")
	}
	if _, err := Intra(failing{}, pictureEntry("av1C"), s); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
	if got, err := Intra(failing{}, []byte("short"), s); got || err != nil {
		t.Errorf("an entry that says nothing: %v, %v", got, err)
	}
}

var errDisk = errors.New("a bad sector")

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func FuzzIntra(f *testing.F) {
	f.Add("avcC", []byte(nal("\x09\x10", "\x67abc", "\x65\x88\x84")))
	f.Add("avcC", []byte(nal("\x41\x88\x84")))
	f.Add("hvcC", []byte(nal("\x40\x01ab", "\x26\x01xyz")))
	f.Add("av1C", []byte("\x12\x00\x0a\x02\x00\x00\x32\x04\x10xyz"))
	f.Add("vpcC", unhex("82498342 2003f002f0 0000"))
	f.Fuzz(func(t *testing.T, config string, sample []byte) {
		if len(config) != 4 {
			return
		}
		for _, size := range []int{len(sample), len(sample) / 2} {
			if _, err := Intra(bytes.NewReader(sample), pictureEntry(config), Sample{Size: uint32(size)}); err != nil {
				t.Fatalf("%d bytes of %x: %v", size, sample, err)
			}
		}
	})
}
