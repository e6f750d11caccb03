package upload

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// drain takes all of a pipe, in pieces of at least want bytes where it is told so.
func drain(p *pipe, want func() int) ([]byte, error) {
	var all []byte
	for {
		piece, err := p.take(want())
		switch {
		case len(piece) > 0:
			all = append(all, piece...)
		case err != nil:
			return all, err
		default:
			<-p.filled
		}
	}
}

func TestPipeHandsOnWhatItReads(t *testing.T) {
	random, other := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, 4)) //nolint:gosec // repeatable
	data := make([]byte, 3*bufferSize+12_345)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	for name, src := range map[string]func(io.Reader) io.Reader{
		"in large reads":       func(r io.Reader) io.Reader { return r },
		"in small reads":       iotest.HalfReader,
		"with an early end":    iotest.DataErrReader,
		"in reads of any size": func(r io.Reader) io.Reader { return &ragged{r, other} },
	} {
		for taking, want := range map[string]func() int{
			"taken whole":     func() int { return pieceSize },
			"taken at once":   func() int { return 1 },
			"taken at random": func() int { return 1 + random.IntN(pieceSize) },
		} {
			t.Run(name+", "+taking, func(t *testing.T) {
				p := newPipe(src(bytes.NewReader(data)))
				got, err := drain(p, want)
				<-p.ended
				p.close(func() bool { t.Error("it has ended by itself"); return true })
				if !errors.Is(err, io.EOF) || !bytes.Equal(got, data) {
					t.Errorf("%d bytes of %d, %v", len(got), len(data), err)
				}
			})
		}
	}
}

// ragged reads any number of bytes at a time.
type ragged struct {
	io.Reader
	random *rand.Rand
}

func (r *ragged) Read(p []byte) (int, error) {
	return r.Reader.Read(p[:1+r.random.IntN(len(p))])
}

func TestPipeTellsWhyThereIsNoMoreAfterWhatThereWas(t *testing.T) {
	broken := errors.New("broken")
	p := newPipe(io.MultiReader(bytes.NewReader(make([]byte, 1000)), iotest.ErrReader(broken)))
	got, err := drain(p, func() int { return pieceSize })
	if len(got) != 1000 || !errors.Is(err, broken) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	<-p.ended
	p.close(nil)
}

// A consumer that has stopped must not be waited for, nor wait for a source
// that cannot be ended.
func TestPipeEndsWhoeverWaits(t *testing.T) {
	t.Run("for room", func(t *testing.T) {
		p := newPipe(bytes.NewReader(make([]byte, 2*bufferSize)))
		p.close(func() bool { <-p.ended; return true })
	})
	t.Run("for bytes", func(t *testing.T) {
		r, w := io.Pipe()
		p := newPipe(r)
		p.close(func() bool { _ = w.Close(); <-p.ended; return true })
	})
	t.Run("for bytes, and cannot be ended", func(t *testing.T) {
		r, w := io.Pipe()
		p := newPipe(r)
		p.close(func() bool { return false })
		_ = w.Close()
		<-p.ended
	})
}

func TestPipeOfASlowClientTakesLittleMemory(t *testing.T) {
	for name, c := range map[string]struct {
		sent  int
		large bool
	}{
		"that is silent":        {0, false},
		"that sends a little":   {smallSize / 2, false},
		"that sends all it may": {4 * smallSize, true},
	} {
		t.Run(name, func(t *testing.T) {
			r, w := io.Pipe()
			p := newPipe(r)
			go func() { _, _ = w.Write(make([]byte, c.sent)); _ = w.Close() }()
			if got, err := drain(p, func() int { return 1 }); len(got) != c.sent || !errors.Is(err, io.EOF) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			<-p.ended
			if large := p.large != nil; large != c.large {
				t.Errorf("it has a large buffer: %v", large)
			}
			p.close(nil)
		})
	}
}
