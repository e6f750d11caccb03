package hls

import (
	"io"
	"sync/atomic"

	"github.com/streamgate/streamgate/media"
)

// repeated is what all samples of a track begin with, where the source has it once
// (media.Track.Prefix). Of one that is far away it would be a request for each sample:
// it is asked for once, and kept. It may be used concurrently.
type repeated struct {
	held atomic.Pointer[[]byte]
}

// read returns what is at p of src; nil where samples are whole, or r is.
func (r *repeated) read(src io.ReaderAt, p media.Prefix) ([]byte, error) {
	if r == nil || p.Size == 0 {
		return nil, nil
	}
	if held := r.held.Load(); held != nil {
		return *held, nil
	}
	held := make([]byte, p.Size)
	if n, err := src.ReadAt(held, p.Offset); n < len(held) {
		return nil, short(err)
	}
	r.held.Store(&held)
	return held, nil
}

// repeats has b take what all samples begin with from memory.
func (b *body) repeats(t *prepared) (err error) {
	if b.file == nil {
		b.prefixAt = t.Prefix.Offset
		b.prefix, err = t.repeated.read(b.source, t.Prefix)
	}
	return err
}

// isPrefix reports whether a run is of what is in memory.
func (b *body) isPrefix(r run) bool {
	return r.offset >= b.prefixAt && r.offset+r.length <= b.prefixAt+int64(len(b.prefix))
}

// readPrefix reads the next run, which is of what is in memory.
func (b *body) readPrefix(p []byte) int {
	r := b.runs[0]
	n := copy(p, b.prefix[r.offset-b.prefixAt:][:r.length])
	b.skipRuns(int64(n))
	return n
}
