package media

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sei is a unit of messages: pairs of type and body.
func sei(header string, messages ...string) string {
	out := header
	for i := 0; i < len(messages); i += 2 {
		body := messages[i+1]
		out += messages[i] + strings.Repeat("\xff", len(body)/255) + string([]byte{byte(len(body) % 255)}) + body
	}
	return strings.ReplaceAll(out+"\x80", "\x00\x00\x00", "\x00\x00\x03\x00")
}

// gA94 is a message of ATSC with triplets.
func gA94(triplets ...string) string {
	return "\xb5\x00\x31GA94\x03" + string([]byte{0x40 | byte(len(triplets))}) + "\xff" + strings.Join(triplets, "") + "\xff"
}

const (
	rcl1  = "\xfc\x94\x20" // resume caption loading in CC1, with parity
	rcl2  = "\xfc\x1c\x20"
	ru2of = "\xfd\x15\x25" // roll-up in CC3
	pac4  = "\xfd\x1d\x70" // an address in CC4
	text1 = "\xfc\x14\x2a" // text restart: no captions
	pad   = "\xfc\x80\x80"
	xds   = "\xfd\x01\x03"
	chars = "\xfc\xc8\xe9"
)

func TestFindClosedCaptions(t *testing.T) {
	const slice, slice265 = "\x65\x88\x84\x00", "\x26\x01\xaf\x00"
	for _, c := range []struct {
		name, config string
		units        []string
		want         []string
	}{
		{"CC1", "avcC", []string{"\x09\xf0", sei("\x06", "\x04", gA94(rcl1, chars)), slice}, []string{"CC1"}},
		{"all four", "avcC", []string{sei("\x06", "\x04", gA94(rcl1, rcl2, ru2of, pac4)), slice}, []string{"CC1", "CC2", "CC3", "CC4"}},
		{"in HEVC", "hvcC", []string{"\x46\x01\x50", sei("\x4e\x01", "\x04", gA94(rcl1)), slice265}, []string{"CC1"}},
		{"behind another message", "avcC", []string{sei("\x06", "\x05", strings.Repeat("x", 700), "\x04", gA94(rcl1)), slice}, []string{"CC1"}},
		{"in the second unit", "avcC", []string{sei("\x06", "\x05", "x"), sei("\x06", "\x04", gA94(ru2of)), slice}, []string{"CC3"}},
		{"a service", "avcC", []string{sei("\x06", "\x04", gA94("\xff\x02\x21", "\xfe\x41\x00")), slice}, []string{"SERVICE1"}},
		{"two services in a packet, and one beyond 6", "avcC", []string{sei("\x06", "\x04", gA94("\xff\x05\x21", "\xfe\x41\x41", "\xfe\x41\xe1", "\xfe\x0c\x41")), slice}, []string{"SERVICE1", "SERVICE2", "SERVICE12"}},
		{"padding", "avcC", []string{sei("\x06", "\x04", gA94(pad, pad, "\xf8\x94\x20", "\xfa\x00\x00")), slice}, nil},
		{"text services and data", "avcC", []string{sei("\x06", "\x04", gA94(text1, xds, chars)), slice}, nil},
		{"the flag that says not to look", "avcC", []string{sei("\x06", "\x04", strings.Replace(gA94(rcl1), "\x03\x41", "\x03\x01", 1)), slice}, nil},
		{"of another provider", "avcC", []string{sei("\x06", "\x04", strings.Replace(gA94(rcl1), "GA94", "DTG1", 1)), slice}, nil},
		{"more triplets than are there", "avcC", []string{sei("\x06", "\x04", strings.Replace(gA94(rcl1), "\x03\x41", "\x03\x5f", 1)), slice}, []string{"CC1"}},
		{"a message longer than its unit", "avcC", []string{"\x06\x04\xff" + gA94(rcl1), slice}, nil},
		{"behind the picture", "avcC", []string{slice, sei("\x06", "\x04", gA94(rcl1))}, nil},
		{"a unit larger than is read", "avcC", []string{sei("\x06", "\x05", strings.Repeat("x", maxSEI), "\x04", gA94(rcl1)), slice}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			sample := []byte("before" + nal(c.units...))
			found, looked, err := FindClosedCaptions(bytes.NewReader(sample), pictureEntry(c.config), Sample{Offset: 6, Size: uint32(len(sample) - 6)})
			if err != nil || !looked {
				t.Fatal(looked, err)
			}
			if d := cmp.Diff(c.want, found.List()); d != "" || found.Any() != (c.want != nil) {
				t.Error(d)
			}
		})
	}
}

func TestClosedCaptionsOfWhatCannotHaveThem(t *testing.T) {
	sample := []byte(nal(sei("\x06", "\x04", gA94(rcl1))))
	for _, entry := range [][]byte{nil, pictureEntry("av1C"), pictureEntry("vpcC")} {
		if found, looked, err := FindClosedCaptions(bytes.NewReader(sample), entry, Sample{Size: uint32(len(sample))}); looked || found.Any() || err != nil {
			t.Error(found, looked, err)
		}
	}
	if _, _, err := FindClosedCaptions(bytes.NewReader(sample), pictureEntry("avcC"), Sample{Size: uint32(len(sample)) + 1}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a source that ends early: %v", err)
	}
}

func FuzzFindClosedCaptions(f *testing.F) {
	f.Add("avcC", []byte(nal(sei("\x06", "\x04", gA94(rcl1, rcl2, ru2of, pac4)), "\x65\x88")))
	f.Add("hvcC", []byte(nal(sei("\x4e\x01", "\x05", "x", "\x04", gA94("\xff\x05\x21", "\xfe\x41\x42")), "\x26\x01")))
	f.Fuzz(func(t *testing.T, config string, sample []byte) {
		if len(config) != 4 {
			return
		}
		found, _, err := FindClosedCaptions(bytes.NewReader(sample), pictureEntry(config), Sample{Size: uint32(len(sample))})
		if err != nil || slices.Contains(found.List(), "SERVICE0") || found.Any() != (len(found.List()) > 0) {
			t.Fatalf("%v %v", found, err)
		}
	})
}
