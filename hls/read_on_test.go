package hls

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func TestReadingOnReadsTheSame(t *testing.T) {
	source := make([]byte, 3*readOnSize/2)
	for i := range source {
		source[i] = byte(i * 7)
	}
	r := &readOn{ReaderAt: bytes.NewReader(source)}
	for _, c := range []struct{ off, n int }{{0, 10}, {10, 1000}, {readOnSize - 5, 10}, {readOnSize + 5, 20}, {5, 5}, {0, len(source)}, {len(source) - 3, 3}, {len(source) - 3, 9}, {len(source) + 1, 1}} {
		p := make([]byte, c.n)
		n, err := r.ReadAt(p, int64(c.off))
		want := source[min(c.off, len(source)):min(c.off+c.n, len(source))]
		if !bytes.Equal(p[:n], want) || errors.Is(err, io.EOF) != (n < c.n) {
			t.Errorf("%d at %d: %d, %v", c.n, c.off, n, err)
		}
	}
	if _, err := (&readOn{ReaderAt: failingReader{}}).ReadAt(make([]byte, 1), 0); err == nil || errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("%v", err)
	}
}
