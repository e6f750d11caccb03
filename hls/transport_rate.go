package hls

import (
	"context"
	"fmt"
	"io"

	"github.com/streamgate/streamgate/media"
)

// measure finds the bit rates of all tracks, once, from the sizes of the samples.
func (p *player) measure(ctx context.Context, t *transport) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.measured {
		return nil
	}
	blocks := &blockReaders{player: p}
	defer blocks.close()
	for _, track := range t.all() {
		sizes := make([]int64, len(track.parts))
		for n := range track.parts {
			s, err := newTransportSegment(ctx, blocks.samples, track, n)
			if err == nil {
				sizes[n], err = s.Size()
			}
			s.release()
			if err != nil {
				return err
			}
		}
		track.rate = peakOver(track.times, func(i int) int64 { return sizes[i] }, t.target)
	}
	t.measured = true
	return nil
}

// blockReaders reads the samples of many segments: each file's blocks are opened
// once, and read in order.
type blockReaders struct {
	*player

	open map[*prepared]*blockReader
}

// blockReader reads what comes next in large pieces.
type blockReader struct {
	source

	buf  []byte
	from int64
}

// readAhead is how much of an index is read at once: that of hours of a track.
const readAhead = 256 << 10

// samples is a sampleReader.
func (b *blockReaders) samples(ctx context.Context, dst []media.Sample, t *prepared, n int) ([]media.Sample, error) {
	if err := ctx.Err(); err != nil {
		return dst, err
	}
	var from io.ReaderAt
	if t.file.blocks != "" {
		r := b.open[t]
		if r == nil {
			src, err := b.openBlocks(ctx, t.file)
			if err != nil {
				return dst, fmt.Errorf("%w: %w", errIndex, err)
			}
			if b.open == nil {
				b.open = map[*prepared]*blockReader{}
			}
			r = &blockReader{source: src}
			b.open[t] = r
		}
		from = r
	}
	dst, err := t.file.index.Samples(dst, from, t.at, n)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", errIndex, err)
	}
	return dst, nil
}

func (b *blockReaders) close() {
	for _, r := range b.open {
		_ = r.Close() // it was only read
	}
}

// ReadAt reads from what was read ahead where that is in it.
func (r *blockReader) ReadAt(p []byte, off int64) (int, error) {
	if at := off - r.from; at >= 0 && at+int64(len(p)) <= int64(len(r.buf)) {
		return copy(p, r.buf[at:]), nil
	}
	if len(p) > readAhead {
		return r.source.ReadAt(p, off)
	}
	if r.buf == nil {
		r.buf = make([]byte, readAhead)
	}
	n, err := r.source.ReadAt(r.buf[:readAhead], off)
	if r.buf, r.from = r.buf[:n], off; n >= len(p) {
		err = nil
	}
	return copy(p, r.buf), err
}
