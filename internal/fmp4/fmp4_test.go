package fmp4_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/fmp4"
)

var picture = fmp4.Track{Video: true, Timescale: 25000, Width: 320, Height: 180, Entries: []byte("\x00\x00\x00\x10stsd\x00\x00\x00\x00\x00\x00\x00\x00")}

// fragments are two, of which the second needs its pictures in another order.
var fragments = [][]fmp4.Timed{
	{
		{Sample: fmp4.Sample{Shown: 1000, Duration: 1000, Size: 3, Sync: true}, Decode: 1000},
		{Sample: fmp4.Sample{Shown: 2000, Duration: 1000, Size: 1}, Decode: 2000},
	},
	{
		{Sample: fmp4.Sample{Shown: 1 << 33, Size: 2, Duration: 1, Sync: true}, Decode: 1<<33 - 1},
		{Sample: fmp4.Sample{Shown: 1<<33 + 2000, Size: 1, Duration: 1000}, Decode: 1 << 33},
		{Sample: fmp4.Sample{Shown: 1<<33 + 1000, Size: 1, Duration: 1000}, Decode: 1<<33 + 1000},
	},
}

var payloads = []string{"abcd", "efgh"}

func file(t testing.TB, track fmp4.Track) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := fmp4.NewWriter(&b, []fmp4.Track{track})
	for i, f := range fragments {
		err = errors.Join(err, w.Fragment(1, f, func(w io.Writer) error { _, err := io.WriteString(w, payloads[i]); return err }))
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	b := file(t, picture)
	r, err := fmp4.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(picture, r.Track); diff != "" {
		t.Errorf("the track (-written +read):\n%s", diff)
	}
	for i, want := range fragments {
		got, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		for n := range got.Samples {
			got.Samples[n].Offset = 0
			s := want[n].Sample
			if n+1 < len(want) {
				s.Duration = uint32(want[n+1].Decode - want[n].Decode)
			}
			if diff := cmp.Diff(s, got.Samples[n]); diff != "" {
				t.Errorf("sample %d of fragment %d (-written +read):\n%s", n, i, diff)
			}
		}
		if got.Decode != want[0].Decode || len(got.Samples) != len(want) {
			t.Errorf("fragment %d has %d samples from %d", i, len(got.Samples), got.Decode)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last fragment there is %v", err)
	}
}

func TestReadingGoesOnWhereAnotherReaderWas(t *testing.T) {
	b := file(t, picture)
	open := func() *fmp4.Reader {
		r, err := fmp4.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := open()
	if _, err := first.Next(); err != nil {
		t.Fatal(err)
	}
	second := open()
	if err := second.SkipTo(first.Offset()); err != nil {
		t.Fatal(err)
	}
	if f, err := second.Next(); err != nil || f.Decode != fragments[1][0].Decode {
		t.Errorf("the next fragment is that from %d: %v", f.Decode, err)
	}
	for _, at := range []int64{-1, 0, int64(len(b)) + 1} {
		if err := second.SkipTo(at); !errors.Is(err, fmp4.ErrFormat) {
			t.Errorf("on to %d: %v", at, err)
		}
	}
}

func TestSamplesAreCopied(t *testing.T) {
	b := file(t, picture)
	r, err := fmp4.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range payloads {
		f, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := r.Samples(&got, f); err != nil || got.String() != want {
			t.Errorf("samples %q, %v; want %q", got.String(), err, want)
		}
	}
}

// TestEveryBeginning reads what a file is while it is written.
func TestEveryBeginning(t *testing.T) {
	b := file(t, picture)
	counts := make(map[int]bool)
	for size := range len(b) {
		r, err := fmp4.NewReader(bytes.NewReader(b[:size]), int64(size))
		n := 0
		for ; err == nil; n++ {
			_, err = r.Next()
		}
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("the first %d bytes: %v", size, err)
		}
		counts[n] = true
	}
	if !counts[0] || !counts[1] || !counts[2] {
		t.Errorf("numbers of fragments that were read: %v", counts)
	}
}

// TestAFileThatGrows reads a file by one Reader while it is written, byte by byte.
func TestAFileThatGrows(t *testing.T) {
	b := file(t, picture)
	var r *fmp4.Reader
	var ends []int64
	for size := range len(b) + 1 {
		var err error
		if r == nil {
			if r, err = fmp4.NewReader(bytes.NewReader(b), int64(size)); err != nil {
				r = nil
				continue
			}
			ends = append(ends, r.Offset())
		}
		r.Grow(int64(size))
		if _, err = r.Next(); err == nil {
			ends = append(ends, r.Offset())
			if r.Offset() != int64(size) {
				t.Errorf("of %d bytes the fragment was read that ends at %d", size, r.Offset())
			}
		}
	}
	if len(ends) != 3 || ends[2] != int64(len(b)) {
		t.Errorf("the description and two fragments, of %d bytes, end at %v", len(b), ends)
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	good := file(t, picture)
	change := func(at string, skip int, bytes ...byte) []byte {
		b := []byte(string(good))
		copy(b[indexOf(t, b, at)+skip:], bytes)
		return b
	}
	cases := []struct {
		name string
		file []byte
	}{
		{"a box smaller than its head", change("moof", -4, 0, 0, 0, 4)},
		{"a box larger than what it is in", change("traf", -4, 0, 0, 0xff, 0xff)},
		{"more samples than there are bytes", change("trun", 8, 0, 0, 0xff, 0xff)},
		{"more samples than there may be", change("trun", 8, 0xff, 0xff, 0xff, 0xff)},
		{"samples before the file", change("trun", 12, 0x80, 0, 0, 0)},
		{"samples beyond the fragment", change("trun", 12, 0x7f, 0, 0, 0)},
		{"a time beyond all times", change("tfdt", 8, 0xff)},
		{"samples that do not lie by their moof", change("tfhd", 5, 0)},
		{"no timescale", change("mdhd", 16, 0, 0, 0, 0)},
		{"a fragment before the description", good[indexOf(t, good, "moof")-4:]},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, err := fmp4.NewReader(bytes.NewReader(c.file), int64(len(c.file)))
			for err == nil {
				_, err = r.Next()
			}
			if !errors.Is(err, fmp4.ErrFormat) {
				t.Errorf("got %v, want ErrFormat", err)
			}
		})
	}
}

func TestAFragmentBeyondAllSizesIsNotWritten(t *testing.T) {
	w, err := fmp4.NewWriter(io.Discard, []fmp4.Track{picture})
	if err != nil {
		t.Fatal(err)
	}
	large := []fmp4.Timed{{Sample: fmp4.Sample{Size: math.MaxUint32}}}
	if err := w.Fragment(1, large, nil); !errors.Is(err, fmp4.ErrFormat) {
		t.Errorf("got %v, want ErrFormat", err)
	}
}

func indexOf(t testing.TB, b []byte, text string) int {
	t.Helper()
	at := bytes.Index(b, []byte(text))
	if at < 0 {
		t.Fatalf("there is no %q", text)
	}
	return at
}

// FuzzReader reads anything: no fragment may name bytes that are not in the file.
func FuzzReader(f *testing.F) {
	f.Add(file(f, picture))
	f.Add(file(f, fmp4.Track{Timescale: 48000, Language: "deu", Entries: picture.Entries}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := fmp4.NewReader(bytes.NewReader(b), int64(len(b)))
		for err == nil {
			var fragment fmp4.Fragment
			if fragment, err = r.Next(); err != nil {
				break
			}
			size := int64(0)
			for _, s := range fragment.Samples {
				if s.Offset < 0 || s.Offset+int64(s.Size) > int64(len(b)) {
					t.Fatalf("a sample of %d bytes at %d, in %d", s.Size, s.Offset, len(b))
				}
				size += int64(s.Size)
			}
			if size > 1<<24 { // the same bytes many times over
				continue
			}
			if err := r.Samples(io.Discard, fragment); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestBoxesWithinBoxesEnd has a track whose boxes lie within each other without end, as
// a program might write them that hostile input has taken over.
func TestBoxesWithinBoxesEnd(t *testing.T) {
	const size = 48 << 20
	b := make([]byte, size)
	for at := 0; at+8 <= size; at += 8 {
		binary.BigEndian.PutUint32(b[at:], uint32(size-at))
		copy(b[at+4:], "mdia")
	}
	copy(b[4:], "moov")
	copy(b[12:], "trak")
	if _, err := fmp4.NewReader(bytes.NewReader(b), size); !errors.Is(err, fmp4.ErrFormat) {
		t.Errorf("%v, want %v", err, fmp4.ErrFormat)
	}
}
