package hls

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

// errIndex means that the stored index is damaged. A new one can be made.
var errIndex = errors.New("the stored index is damaged")

// sendSegment sends a segment or a range of one. Its length, and with it the
// answer to HEAD and to a condition, is known without touching the source.
func (p *player) sendSegment(w http.ResponseWriter, r *http.Request, t *prepared, n int) error {
	if t.file.protection != nil {
		return p.sendProtected(w, r, t, n)
	}
	size := segmentSize(t.Track, n)
	etag := t.etags + strconv.Itoa(n) + `"`
	p.describe(w.Header(), t.init.contentType, []string{etag}, true)
	if notModified(w, r, etag) {
		return nil
	}
	want, partial, err := limit(w, r, etag, size)
	if err != nil {
		return err
	}
	if !partial {
		w.Header()["Content-Length"] = []string{strconv.FormatInt(size, 10)}
	}
	if r.Method == http.MethodHead {
		return nil
	}

	b := newBody()
	defer b.release()
	src, err := p.prepare(r.Context(), b, t, n)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // it was only read
	if partial {
		b.cut(want)
		w.WriteHeader(http.StatusPartialContent)
	}
	p.sendBody(w, r, b, "segment "+strconv.Itoa(n)+" of track "+strconv.Itoa(t.ID))
	return nil
}

// sendBody sends the rest of an answer. Who goes away in the middle has the right
// to; a source that fails there is reported, and the answer broken off.
func (p *player) sendBody(w http.ResponseWriter, r *http.Request, b *body, what string) {
	if b.send(w, r) != nil && b.readErr != nil {
		// Too late for another answer, and a short one must not look whole.
		problem.Report(r, fmt.Errorf("reading %s: %w", what, b.readErr))
		panic(http.ErrAbortHandler)
	}
}

// prepare makes b the segment and opens the source that it is sent from.
func (p *player) prepare(ctx context.Context, b *body, t *prepared, n int) (source, error) {
	src, err := p.openSource(ctx, t.file)
	if err != nil {
		return src, err
	}
	if b.samples, err = p.samples(ctx, b.samples[:0], t, n); err == nil && t.isIFrames {
		b.samples, err = t.iframe(src, b.samples, n)
	}
	if err != nil {
		_ = src.Close()
		return src, err
	}
	if got, want := b.fill(t.Track, n), segmentSize(t.Track, n); got != want {
		_ = src.Close()
		return src, fmt.Errorf("%w: segment %d of track %d has %d bytes, and its head says %d", errIndex, n, t.ID, got, want)
	}
	b.from(ctx, src)
	if err := b.repeats(t); err != nil {
		_ = src.Close()
		return src, err
	}
	return src, nil
}

// samples appends the samples of a segment to dst.
func (p *player) samples(ctx context.Context, dst []media.Sample, t *prepared, n int) ([]media.Sample, error) {
	if t.file.blocks == "" {
		return t.file.index.Samples(dst, nil, t.at, n)
	}
	blocks, err := p.openBlocks(ctx, t.file)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", errIndex, err)
	}
	defer blocks.Close() //nolint:errcheck // it was only read
	samples, err := t.file.index.Samples(dst, blocks, t.at, n)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", errIndex, err)
	}
	return samples, nil
}
