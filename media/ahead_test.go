package media

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// What is read ahead is what the source has, wherever and in whatever order it
// is read.
func TestReadingAheadReadsTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 50 {
		source := make([]byte, 1+random.IntN(3<<20))
		_, _ = rand.NewChaCha8([32]byte{byte(round)}).Read(source) // it cannot fail
		a := newAhead(bytes.NewReader(source), int64(len(source)))
		if round%2 == 1 {
			from := random.IntN(len(source))
			a.expect(int64(from), int64(from+random.IntN(len(source)-from)))
		}
		var places [12]int // as many as tables that are read side by side, and more than windows
		for i := range places {
			places[i] = random.IntN(len(source))
		}
		for range 500 {
			at := &places[random.IntN(len(places))]
			p := make([]byte, random.IntN(20_000))
			n, err := a.ReadAt(p, int64(*at))
			want := source[*at:min(*at+len(p), len(source))]
			if !bytes.Equal(p[:n], want) || errors.Is(err, io.EOF) != (n < len(p)) || err != nil && !errors.Is(err, io.EOF) {
				t.Fatalf("round %d: %d bytes at %d of %d: %d, %v", round, len(p), *at, len(source), n, err)
			}
			if *at += n; *at == len(source) {
				*at = random.IntN(len(source))
			}
		}
	}
}

// failsFrom fails from some byte on.
type failsFrom struct {
	from int64
	err  error
}

func (f failsFrom) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, f.err
	}
	return len(p), nil
}

func TestReadingAheadHandsOnErrors(t *testing.T) {
	broken := errors.New("broken")
	a := newAhead(failsFrom{1 << 20, broken}, 4<<20)
	a.expect(2<<20, 3<<20)
	for _, c := range []struct {
		off  int64
		want error
	}{{0, nil}, {2 << 20, broken}, {3<<20 + 5, broken}, {4 << 20, io.EOF}, {0, nil}, {2 << 20, broken}} {
		if _, err := a.ReadAt(make([]byte, 8), c.off); !errors.Is(err, c.want) {
			t.Errorf("at %d: %v, want %v", c.off, err, c.want)
		}
	}
}
