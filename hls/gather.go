package hls

import (
	"errors"
	"io"
	"sync"
)

const (
	// blockSize is how much is gathered before it is written: enough that the
	// cost of a write does not show, small enough to stay in a core's cache.
	blockSize = 256 << 10
	// maxGap is the longest stretch of unwanted bytes, say a frame of audio
	// between two of video, that is cheaper to read along than to seek over.
	maxGap = 8 << 10
)

var blocks = sync.Pool{New: func() any { return new([blockSize]byte) }}

// gather sends all that is left to w in large blocks.
func (b *body) gather(w io.Writer) (sent int64, err error) {
	block := blocks.Get().(*[blockSize]byte)
	defer blocks.Put(block)
	for {
		n, err := b.Read(block[:])
		if n > 0 {
			k, err := w.Write(block[:n])
			sent += int64(k)
			if err != nil {
				return sent, err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return sent, nil
		case err != nil:
			return sent, err
		}
	}
}

// Read fills p as far as there is something left.
func (b *body) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	n = copy(p, b.head)
	b.head = b.head[n:]
	for n < len(p) && len(b.runs) > 0 {
		k, err := b.readRuns(p[n:])
		n += k
		if err != nil {
			b.readErr = err
			return n, err
		}
	}
	switch {
	case n == 0:
		return 0, io.EOF
	case len(b.head) == 0 && len(b.runs) == 0: // the last of it
		if err := b.unchanged(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// readRuns reads the next runs that lie close together with a single read, and
// closes the gaps between them, where the kernel has not done so.
func (b *body) readRuns(p []byte) (int, error) {
	if b.file == nil {
		return b.readFar(p)
	}
	if n := b.readScattered(p); n > 0 {
		return n, nil
	}
	first := b.runs[0]
	span := min(first.length, int64(len(p)))
	wanted := span
	for i := 1; i < len(b.runs) && span < int64(len(p)); i++ {
		r := b.runs[i]
		gap := r.offset - (b.runs[i-1].offset + b.runs[i-1].length)
		if gap < 0 || gap > maxGap || span+gap >= int64(len(p)) {
			break
		}
		k := min(r.length, int64(len(p))-span-gap)
		span += gap + k
		wanted += k
	}
	if n, err := b.source.ReadAt(p[:span], first.offset); int64(n) < span {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF // the index knows of bytes that are not there any more
		}
		return 0, err
	}
	b.closeGaps(p[:span], first.offset, wanted)
	b.skipRuns(wanted)
	return int(wanted), nil
}

// closeGaps moves the wanted bytes of p, which was read at offset, together.
func (b *body) closeGaps(p []byte, offset, wanted int64) {
	to := int64(0)
	for _, r := range b.runs {
		n := min(r.length, wanted-to)
		if from := r.offset - offset; from != to {
			copy(p[to:to+n], p[from:from+n])
		}
		to += n
		if to == wanted {
			return
		}
	}
}
