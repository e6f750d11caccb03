package media_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/streamgate/streamgate/media"
)

// longFilm is Matroska of any length, made up as it is read: each second is a
// cluster of 25 pictures with two packets of Opus after each.
type longFilm struct {
	head, second []byte
	seconds      int64
	reads, asked int64
	stampAt      int // in second
}

func newLongFilm(seconds int64, pictureBytes int) *longFilm {
	var blocks [][]byte
	for k := range 25 {
		flags := byte(0)
		if k == 0 {
			flags = isKey
		}
		packet := append([]byte{0xfc}, make([]byte, 300)...)
		blocks = append(blocks, simple(1, int16(40*k), flags, make([]byte, pictureBytes)...), simple(2, int16(40*k), isKey, packet...), simple(2, int16(40*k+20), isKey, packet...))
	}
	f := &longFilm{second: cluster(0x1122334455667788, slices.Concat(blocks...)), seconds: seconds}
	f.stampAt = bytes.Index(f.second, []byte{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88})
	f.head = slices.Concat(matroskaHead, endlessly(0x18538067, info(1e6), opusAndPicture()))
	return f
}

func (f *longFilm) size() int64 { return int64(len(f.head)) + f.seconds*int64(len(f.second)) }

func (f *longFilm) ReadAt(p []byte, off int64) (n int, err error) {
	f.reads, f.asked = f.reads+1, f.asked+int64(len(p))
	for n < len(p) && off < f.size() {
		var k int
		if at := off - int64(len(f.head)); at < 0 {
			k = copy(p[n:], f.head[off:])
		} else {
			second := at / int64(len(f.second))
			binary.BigEndian.PutUint64(f.second[f.stampAt:], uint64(second*1000))
			k = copy(p[n:], f.second[at%int64(len(f.second)):])
		}
		n, off = n+k, off+int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestAFileOfGigabytesIsNotReadWhole bounds what it costs to index two hours in
// 9 GB: what is read and how often by the number of blocks, and memory by that
// of samples.
func TestAFileOfGigabytesIsNotReadWhole(t *testing.T) {
	f := newLongFilm(7200, 49_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	ix, err := media.Parse(t.Context(), f, f.size(), nil)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	blocks, allocated := int64(7200*75), after.TotalAlloc-before.TotalAlloc
	t.Logf("%d blocks in %d MB: %d reads, %.2f a block; %d MB, %d bytes a block; %d MB allocated, an index of %d MB, %v",
		blocks, f.size()>>20, f.reads, float64(f.reads)/float64(blocks), f.asked>>20, f.asked/blocks, allocated>>20, ix.Memory()>>20, took)
	if f.reads > blocks*3/2 || f.asked > blocks*1024 || f.asked > f.size()/10 {
		t.Errorf("%d reads of %d bytes", f.reads, f.asked)
	}
	if allocated > 64<<20 {
		t.Errorf("%d bytes allocated", allocated)
	}
	if ix.Duration != 7200 || len(ix.Tracks) != 2 || ix.Tracks[0].Layout.Durations || ix.Tracks[1].Layout.Durations {
		t.Errorf("%v s, %+v", ix.Duration, ix.Tracks)
	}
}

// BenchmarkParseMatroska has the blocks of ten minutes.
// Far away, a file in which something is wanted everywhere is read through, by
// large requests, and gives the same index.
func TestAFileFarAwayIsReadInLargePieces(t *testing.T) {
	far, near := newLongFilm(120, 49_000), newLongFilm(120, 49_000)
	got, err := media.Parse(t.Context(), far, far.size(), &media.Options{Remote: true})
	if err != nil {
		t.Fatal(err)
	}
	want, err := media.Parse(t.Context(), near, near.size(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Revision("x") != want.Revision("x") {
		t.Error("the index is another one")
	}
	t.Logf("%d MB: %d requests, %d reads where they cost little", far.size()>>20, far.reads, near.reads)
	if far.reads > far.size()>>20 {
		t.Errorf("%d requests for %d MB", far.reads, far.size()>>20)
	}
}

func BenchmarkParseMatroska(b *testing.B) {
	f := newLongFilm(600, 1000)
	file := make([]byte, f.size())
	if _, err := f.ReadAt(file, 0); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := media.Parse(b.Context(), bytes.NewReader(file), int64(len(file)), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(600*75), "ns/block")
}
