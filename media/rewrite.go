package media

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// maxGrowth is how much larger than its source a rewritten file may be, as a
// factor of what the source has: an edit list can play the same bytes a thousand
// times.
const maxGrowth = 2

// Rewrite writes what ix presents as one progressive MP4 file (ISO/IEC 14496-12):
// the description first, then the samples, where all of a segment of a track lie
// in one run. Runs follow each other by the time at which they are shown. The
// samples are read from src, which Parse made ix of. It returns how many bytes were
// written.
//
// The file has the tracks that are presented, and no others, on the timelines that
// the index has. Its edit lists say where the presentation begins on these. Whether
// it is presented as its source was, Compare tells. Subtitles lie behind all other
// samples; a box of this package lists them, and where MP4 knows their coding, other
// readers find them, too.
//
// Memory does not grow with the file but by some bytes a segment. An error is
// ErrUnsupported where the file would be beyond all proportion to its source; one of
// src or dst, or that of ctx.
func Rewrite(ctx context.Context, dst io.Writer, src io.ReaderAt, ix *Index) (int64, error) {
	rw := &rewriter{ctx: ctx, ix: ix, src: newRunReader(ctx, src)}
	if err := rw.plan(); err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(dst, rewriteBuffer)
	file := rw.layout()
	if err := file.write(out); err != nil {
		return 0, fmt.Errorf("writing the settled file: %w", err)
	}
	return file.size, out.Flush()
}

// RewrittenSize is how many bytes Rewrite would write, or ErrUnsupported.
func RewrittenSize(ctx context.Context, ix *Index) (int64, error) {
	rw := &rewriter{ctx: ctx, ix: ix}
	if err := rw.plan(); err != nil {
		return 0, err
	}
	return rw.layout().size, nil
}

const rewriteBuffer = 256 << 10

// rewriter is one call of Rewrite.
type rewriter struct {
	ctx     context.Context //nolint:containedctx // it lives as long as one call
	ix      *Index
	src     *runReader
	tracks  []rewritten
	order   []chunk // as they lie in the file
	movie   uint32  // timescale
	media   int64   // bytes of all samples, but of subtitles
	texts   int64   // and of these
	base    int64   // of the first sample in the file
	samples []Sample

	subtitles []rewrittenText
}

// rewritten is a track of the new file.
type rewritten struct {
	*Track
	at      int // in the index
	offsets []int64
	counted tally
	edit    rewrittenEdit
}

// chunk is a segment as it lies in the new file.
type chunk struct {
	track, segment int
}

// plan looks at every sample once, and decides where everything lies.
func (rw *rewriter) plan() error {
	if rw.ix.blocks.base != 0 {
		return problem.Errorf(ErrIndex, "an index that was read does not hold its samples")
	}
	for i, t := range rw.ix.Tracks {
		r := rewritten{Track: t, at: i, offsets: make([]int64, len(t.Segments))}
		if err := rw.each(i, r.counted.add); err != nil {
			return err
		}
		r.edit = editOf(t)
		rw.tracks = append(rw.tracks, r)
		rw.movie = max(rw.movie, t.Timescale)
		for n := range t.Segments {
			rw.order = append(rw.order, chunk{i, n})
		}
	}
	rw.movie = commonScale(rw.ix.Tracks, rw.movie)
	slices.SortStableFunc(rw.order, func(a, b chunk) int { return cmp.Compare(rw.shows(a), rw.shows(b)) })
	for _, c := range rw.order {
		t := &rw.tracks[c.track]
		t.offsets[c.segment] = rw.media
		rw.media += t.Segments[c.segment].Bytes
	}
	if err := rw.planTexts(); err != nil {
		return err
	}
	if (rw.media+rw.texts)/maxGrowth > rw.ix.Size {
		return problem.Errorf(ErrUnsupported, "what is played of the file is %d bytes, and the file has %d", rw.media+rw.texts, rw.ix.Size)
	}
	return nil
}

// shows is when a chunk begins to be wanted, in seconds.
func (rw *rewriter) shows(c chunk) float64 {
	t := rw.tracks[c.track].Track
	return float64(t.Segments[c.segment].Start) / float64(t.Timescale)
}

// commonScale is the timescale of the movie: one in which every track's times are
// whole, or else the finest, from which they come back exactly when they are
// rounded up.
func commonScale(tracks []*Track, finest uint32) uint32 {
	all := int64(1)
	for _, t := range tracks {
		if all = all / gcd(all, int64(t.Timescale)) * int64(t.Timescale); all > math.MaxInt32 {
			return finest
		}
	}
	return uint32(all)
}

// each calls fn with every sample of a track.
func (rw *rewriter) each(track int, fn func(*Sample) error) error {
	for n := range rw.ix.Tracks[track].Segments {
		if err := rw.read(track, n); err != nil {
			return err
		}
		for i := range rw.samples {
			if err := fn(&rw.samples[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// read makes rw.samples those of a segment.
func (rw *rewriter) read(track, segment int) (err error) {
	if err = rw.ctx.Err(); err == nil {
		rw.samples, err = rw.ix.Samples(rw.samples[:0], nil, track, segment)
	}
	return err
}

// layout is the whole file.
func (rw *rewriter) layout() piece {
	head := rw.ftyp()
	moov := rw.moov(false)
	size := rw.media + rw.texts
	header := piece{size: 8, write: func(w io.Writer) error { return writeHeader(w, "mdat", 8+size) }}
	if size > math.MaxUint32-8 {
		header = piece{size: 16, write: func(w io.Writer) error { return writeLargeHeader(w, "mdat", 16+size) }}
	}
	if head.size+moov.size+header.size+size > math.MaxUint32 {
		moov = rw.moov(true)
	}
	rw.base = head.size + moov.size + header.size
	return pieces(head, moov, header, piece{size: rw.media, write: rw.copy}, piece{size: rw.texts, write: rw.copyTexts})
}

// copy writes the samples of all chunks.
func (rw *rewriter) copy(w io.Writer) error {
	for _, c := range rw.order {
		if err := rw.read(c.track, c.segment); err != nil {
			return err
		}
		for i := range rw.samples {
			for _, part := range parts(rw.ix.Tracks[c.track], &rw.samples[i]) {
				if err := rw.src.copy(w, part.Offset, int64(part.Size)); err != nil {
					return fmt.Errorf("reading segment %d of track %d: %w", c.segment, rw.ix.Tracks[c.track].ID, err)
				}
			}
		}
	}
	return nil
}

// parts says where the bytes of a sample lie.
func parts(t *Track, s *Sample) [2]Prefix {
	return [2]Prefix{t.Prefix, {Offset: s.Offset, Size: int(s.Size) - t.Prefix.Size}}
}

// piece is a part of a file whose size is known before it is written.
type piece struct {
	size  int64
	write func(io.Writer) error
}

func bytesPiece(b []byte) piece {
	return piece{int64(len(b)), func(w io.Writer) error { _, err := w.Write(b); return err }}
}

func pieces(list ...piece) piece {
	p := piece{write: func(w io.Writer) error {
		for _, one := range list {
			if err := one.write(w); err != nil {
				return err
			}
		}
		return nil
	}}
	for _, one := range list {
		p.size += one.size
	}
	return p
}

// boxPiece is a box around pieces; none that Rewrite makes comes near 4 GiB.
func boxPiece(kind string, list ...piece) piece {
	inside := pieces(list...)
	size := 8 + inside.size
	return piece{size, func(w io.Writer) error {
		if err := writeHeader(w, kind, size); err != nil {
			return err
		}
		return inside.write(w)
	}}
}

func writeHeader(w io.Writer, kind string, size int64) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(size)), kind...))
	return err
}

func writeLargeHeader(w io.Writer, kind string, size int64) error {
	b := append(binary.BigEndian.AppendUint32(nil, 1), kind...)
	_, err := w.Write(binary.BigEndian.AppendUint64(b, uint64(size)))
	return err
}
