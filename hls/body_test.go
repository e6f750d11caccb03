package hls

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/streamgate/streamgate/media"
)

// A body that is cut and gathered in pieces of any size is the same bytes.
func TestBodiesAreTheBytesThatTheirRunsName(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for round := range 300 {
		source := make([]byte, 1+random.IntN(3*blockSize))
		_, _ = rand.NewChaCha8([32]byte{byte(round), byte(round >> 8)}).Read(source) // it cannot fail
		b := &body{source: bytes.NewReader(source), head: []byte("head")[:random.IntN(5)]}
		want := bytes.Clone(b.head)
		offset := 0
		for range random.IntN(60) {
			switch random.IntN(8) {
			case 0:
				offset = random.IntN(len(source)) // backwards, too
			case 1:
				offset += random.IntN(2 * maxGap)
			default:
				offset += random.IntN(300)
			}
			if offset >= len(source) {
				offset = random.IntN(len(source))
			}
			n := 1 + random.IntN(min(len(source)-offset, 1+random.IntN(40_000)))
			b.samples = append(b.samples, media.Sample{Offset: int64(offset), Size: uint32(n)})
			want = append(want, source[offset:offset+n]...)
			offset += n
		}
		b.runs = appendRuns(nil, b.samples, media.Prefix{})
		if b.left() != int64(len(want)) {
			t.Fatalf("round %d: %d bytes, want %d", round, b.left(), len(want))
		}
		if round%2 == 1 && len(want) > 0 {
			start := random.IntN(len(want))
			length := 1 + random.IntN(len(want)-start)
			b.cut(byteRange{int64(start), int64(length)})
			want = want[start : start+length]
		}
		var got bytes.Buffer
		var err error
		if round%3 == 0 {
			_, err = io.Copy(&got, struct{ io.Reader }{b}) // as a handler in between might
		} else {
			_, err = b.WriteTo(&got)
		}
		if err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("round %d: %v; %d bytes, want %d", round, err, got.Len(), len(want))
		}
	}
}

func TestEmptySamplesAreNoRuns(t *testing.T) {
	runs := appendRuns(nil, []media.Sample{{Offset: 5}, {Offset: 5, Size: 2}, {Offset: 7}, {Offset: 7, Size: 1}, {Offset: 100}}, media.Prefix{})
	if len(runs) != 1 || runs[0] != (run{5, 3}) {
		t.Errorf("runs %v", runs)
	}
}

func TestSourcesThatEndEarlyAreErrors(t *testing.T) {
	for name, source := range map[string]io.ReaderAt{
		"truncated": bytes.NewReader(make([]byte, 150)),
		"failing":   failingReader{},
	} {
		b := &body{source: source, runs: []run{{0, 100}, {110, 100}}}
		n, err := b.WriteTo(io.Discard)
		if err == nil || b.readErr == nil || n == 200 {
			t.Errorf("%s: wrote %d bytes, %v", name, n, err)
		}
	}
}

type failingReader struct{}

func (failingReader) ReadAt([]byte, int64) (int, error) { return 0, errors.New("a bad sector") }

func TestBodiesAreReaders(t *testing.T) {
	source := []byte("0123456789")
	b := &body{source: bytes.NewReader(source), head: []byte("ab"), runs: []run{{0, 3}, {5, 2}}}
	if err := iotest.TestReader(b, []byte("ab01256")); err != nil {
		t.Error(err)
	}
}
