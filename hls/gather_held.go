package hls

import (
	"io"

	"github.com/streamgate/streamgate/media"
)

// maxHeld is the longest stretch of a source that is held in memory while the
// slices in it are looked for.
const maxHeld = 32 << 20

// finding is who reads as much at the same time to find slices; others wait.
var finding = make(chan struct{}, maxFarReads)

// findSlices finds the subsamples of pictures. Where the source is no file of the
// operating system each look would be a request: there all of the segment is read
// first. As many as may hold what they read far away are sent from memory then;
// others read it again, a block at a time.
func (b *body) findSlices(entry, sets []byte, prefix media.Prefix) error {
	from, end := b.stretch()
	if b.file != nil || end-from > maxHeld {
		return b.findSubsamples(entry, sets, prefix)
	}
	select {
	case finding <- struct{}{}:
		defer func() { <-finding }()
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
	held := &heldSource{from: from, bytes: make([]byte, end-from), prefix: b.prefix, prefixAt: b.prefixAt}
	if n, err := b.source.ReadAt(held.bytes, from); n < len(held.bytes) {
		return short(err)
	}
	far := b.source
	b.source = held
	err := b.findSubsamples(entry, sets, prefix)
	if b.holds = largeHolds.Add(1) <= maxFarReads; !b.holds {
		largeHolds.Add(-1)
		b.source = far
	}
	return err
}

// stretch is what the runs lie within, but for what is in memory already.
func (b *body) stretch() (from, end int64) {
	for _, r := range b.runs {
		if b.isPrefix(r) {
			continue
		}
		if end == 0 || r.offset < from {
			from = r.offset
		}
		end = max(end, r.offset+r.length)
	}
	return from, end
}

// heldSource is a stretch of a source in memory.
type heldSource struct {
	from  int64
	bytes []byte

	prefix   []byte // what lies elsewhere, and all samples begin with
	prefixAt int64
}

func (h *heldSource) ReadAt(p []byte, off int64) (int, error) {
	if at := off - h.prefixAt; at >= 0 && at+int64(len(p)) <= int64(len(h.prefix)) {
		return copy(p, h.prefix[at:]), nil
	}
	at := off - h.from
	if at < 0 || at > int64(len(h.bytes)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, h.bytes[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
