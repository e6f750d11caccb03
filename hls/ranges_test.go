package hls

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRanges(t *testing.T) {
	const size = 1000
	whole := byteRange{0, size}
	for _, c := range []struct {
		header  string
		want    byteRange
		partial bool
		refused bool
	}{
		{"bytes=0-", whole, true, false},
		{"bytes=0-0", byteRange{0, 1}, true, false},
		{"bytes=0-999", whole, true, false},
		{"bytes=0-1000", whole, true, false},
		{"bytes=500-99999999999999999999999", byteRange{500, 500}, true, false},
		{"bytes=999-", byteRange{999, 1}, true, false},
		{"bytes=-1", byteRange{999, 1}, true, false},
		{"bytes=-1000", whole, true, false},
		{"bytes=-5000", whole, true, false},
		{"bytes= 7-8 ", byteRange{7, 2}, true, false},
		{"bytes=1000-", whole, false, true},
		{"bytes=1000-1001", whole, false, true},
		{"bytes=99999999999999999999999-", whole, false, true},
		{"bytes=-0", whole, false, true},
		{"", whole, false, false},
		{"bytes", whole, false, false},
		{"bytes=", whole, false, false},
		{"bytes=-", whole, false, false},
		{"bytes=--1", whole, false, false},
		{"bytes=+1-2", whole, false, false},
		{"bytes=2-1", whole, false, false},
		{"bytes=a-b", whole, false, false},
		{"bytes=0x1-2", whole, false, false},
		{"items=0-1", whole, false, false},
		{"bytes=0-1,5-6", whole, false, false},
	} {
		got, partial, err := parseRange(c.header, size)
		if partial != c.partial || errors.Is(err, ErrRange) != c.refused {
			t.Errorf("parseRange(%q): partial %v, %v", c.header, partial, err)
		}
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(byteRange{})); d != "" {
			t.Errorf("parseRange(%q): %s", c.header, d)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	f.Add("bytes=0-1", int64(10))
	f.Add("bytes=-5", int64(3))
	f.Add("bytes=9-", int64(0))
	f.Add("bytes=0-,0-", int64(100))
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		r, partial, err := parseRange(header, size)
		if r.start < 0 || r.length < 0 || r.start+r.length > size || r.start+r.length < 0 {
			t.Fatalf("parseRange(%q, %d) = %+v", header, size, r)
		}
		if partial && (err != nil || r.length == 0) {
			t.Fatalf("parseRange(%q, %d) = %+v, %v", header, size, r, err)
		}
		if strings.Contains(header, ",") && partial {
			t.Fatalf("several ranges got one: %q", header)
		}
	})
}
