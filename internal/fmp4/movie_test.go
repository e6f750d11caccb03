package fmp4_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/fmp4"
)

// shuffled are five pictures that are decoded as I P b I P, of which the b shows before
// the P.
func shuffled() *fmp4.Movie {
	return &fmp4.Movie{
		Track: picture, Lasts: 1000, Sizes: []uint32{3, 2, 1, 4, 1}, Shifts: []uint8{1, 2, 0, 1, 1}, Syncs: []uint32{1, 4}, Start: 500,
	}
}

func TestAMovieSaysWhenItsPicturesShow(t *testing.T) {
	const payload = "aaabbcdddde"
	var out bytes.Buffer
	write := func(w io.Writer) error { _, err := io.WriteString(w, payload); return err }
	if err := shuffled().Write(&out, write); err != nil {
		t.Fatal(err)
	}
	b := out.Bytes()
	table := func(kind string, skip, n int) (list []uint32) {
		at := indexOf(t, b, kind) + 4 + skip
		for i := range n {
			list = append(list, binary.BigEndian.Uint32(b[at+4*i:]))
		}
		return list
	}
	cases := []struct {
		table string
		got   []uint32
		want  []uint32
	}{
		{"how long each lasts", table("stts", 4, 3), []uint32{1, 5, 1000}},
		{"how much later each shows", table("ctts", 4, 9), []uint32{4, 1, 1000, 1, 2000, 1, 0, 2, 1000}},
		{"key frames", table("stss", 4, 3), []uint32{2, 1, 4}},
		{"sizes", table("stsz", 8, 6), []uint32{5, 3, 2, 1, 4, 1}},
		{"all lie together", table("stsc", 4, 4), []uint32{1, 1, 5, 1}},
		{"nothing, and then the first that shows", table("elst", 4, 11), []uint32{2, 0, 500, 1<<32 - 1, 1<<32 - 1, 1 << 16, 0, 5000, 0, 1000, 1 << 16}},
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.table, diff)
		}
	}
	if at := table("co64", 12, 1)[0]; string(b[at:][:len(payload)]) != payload {
		t.Errorf("at %d there is %q", at, b[at:][:len(payload)])
	}
	write = func(w io.Writer) error { _, err := io.WriteString(w, payload[1:]); return err }
	if err := shuffled().Write(io.Discard, write); !errors.Is(err, fmp4.ErrFormat) {
		t.Errorf("a byte less: %v, want ErrFormat", err)
	}
}
