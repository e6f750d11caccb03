package transcode

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// A far reader counts requests, and breaks off when told to.
type farReader struct {
	io.ReaderAt

	calls  int
	bytes  int
	broken error
}

func (f *farReader) ReadAt(p []byte, off int64) (int, error) {
	f.calls++
	f.bytes += len(p)
	n, err := f.ReaderAt.ReadAt(p, off)
	if f.broken != nil {
		n, err = n/2, f.broken
	}
	return n, err
}

func newReadahead(size, block int) (*readahead, *farReader, []byte) {
	text := make([]byte, size)
	for i := range text {
		text[i] = byte(rand.N(256))
	}
	far := &farReader{ReaderAt: bytes.NewReader(text)}
	return &readahead{from: far, size: int64(size), block: int64(block)}, far, text
}

func TestAFileIsReadAheadOnceInItsOrder(t *testing.T) {
	r, far, text := newReadahead(1000, 64)
	got, err := io.ReadAll(io.NewSectionReader(r, 0, 1000))
	if err != nil || !bytes.Equal(got, text) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if far.calls != 16 || far.bytes != 1000 {
		t.Errorf("%d requests of %d bytes together, want 16 of 1000", far.calls, far.bytes)
	}
}

func TestSomeOfItMayBeReadOutOfTurn(t *testing.T) {
	r, far, text := newReadahead(1000, 100)
	for at := 0; at < 800; at += 20 {
		for _, off := range []int{at + 200, at} { // what comes next, then this
			p := make([]byte, 20)
			if _, err := r.ReadAt(p, int64(off)); err != nil || !bytes.Equal(p, text[off:off+20]) {
				t.Fatalf("at %d: %v", off, err)
			}
		}
	}
	if far.calls != 10 {
		t.Errorf("%d requests, want 10", far.calls)
	}
	if len(r.blocks) != keptBlocks {
		t.Errorf("%d blocks are kept, want %d", len(r.blocks), keptBlocks)
	}
}

func TestReadaheadEndsWhereTheFileEnds(t *testing.T) {
	gone := errors.New("gone")
	cases := []struct {
		name   string
		off    int64
		broken error
		n      int
		err    error
	}{
		{"within the file", 40, nil, 20, nil},
		{"beyond its end", 90, nil, 10, io.EOF},
		{"behind its end", 200, nil, 0, io.EOF},
		{"a request that fails", 40, gone, 0, gone},
		{"a file that is shorter than it says", 40, io.EOF, 0, io.ErrUnexpectedEOF},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, far, _ := newReadahead(100, 32)
			far.broken = c.broken
			if n, err := r.ReadAt(make([]byte, 20), c.off); n != c.n || !errors.Is(err, c.err) {
				t.Errorf("%d bytes, %v; want %d, %v", n, err, c.n, c.err)
			}
			far.broken = nil
			if n, err := r.ReadAt(make([]byte, 20), 40); n != 20 || err != nil {
				t.Errorf("and then %d bytes, %v", n, err)
			}
		})
	}
	r, _, _ := newReadahead(100, 32)
	if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("there is something before the beginning")
	}
}
