package media

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUserDataOfTracks(t *testing.T) {
	kind := func(scheme, value string) []byte {
		return makeBox("kind", b32(0), []byte(scheme+"\x00"+value+"\x00"))
	}
	for _, c := range []struct {
		name  string
		boxes [][]byte
		want  trak
	}{
		{"a name", [][]byte{makeBox("name", []byte("Kommentar"))}, trak{name: "Kommentar"}},
		{"a name that ends with 0", [][]byte{makeBox("name", []byte(" Stereo \x00junk"))}, trak{name: "Stereo"}},
		{"a name that is no text", [][]byte{makeBox("name", []byte("\xff\xfe"))}, trak{}},
		{"a name beyond all reason", [][]byte{makeBox("name", bytes.Repeat([]byte("a"), 300))}, trak{}},
		{"a characteristic of QuickTime", [][]byte{makeBox("tagc", []byte(describesVideo))}, trak{characteristics: []string{describesVideo}}},
		{"the same by DASH and twice", [][]byte{kind("urn:mpeg:dash:role:2011", "description"), makeBox("tagc", []byte(describesVideo))}, trak{characteristics: []string{describesVideo}}},
		{"another role", [][]byte{kind("urn:mpeg:dash:role:2011", "main")}, trak{}},
		{"what is no characteristic", [][]byte{makeBox("tagc", []byte("a\",URI=\"b")), makeBox("tagc"), makeBox("kind", []byte{1})}, trak{}},
		{"boxes that do not fit", [][]byte{makeBox("name", []byte("A")), b32(100, 0x6e616d65)}, trak{name: "A"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := makeBox("udta", bytes.Join(c.boxes, nil))
			s := newSource(t.Context(), bytes.NewReader(data), int64(len(data)))
			b, err := s.box(0, s.size)
			if err != nil {
				t.Fatal(err)
			}
			var got trak
			if err := s.udta(&got, b); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got, cmp.AllowUnexported(trak{}, box{})); d != "" {
				t.Error(d)
			}
		})
	}
}
