package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

// sendProtected is sendSegment for what is encrypted. The length of a segment is
// known without touching the source, but for pictures that SampleAES encrypts,
// whose slices have to be found the first time.
func (p *player) sendProtected(w http.ResponseWriter, r *http.Request, t *prepared, n int) error {
	etag := t.etags + strconv.Itoa(n) + `"`
	p.describe(w.Header(), t.init.contentType, []string{etag}, true)
	if notModified(w, r, etag) {
		return nil
	}
	b := newBody()
	defer b.release()
	var src source
	size, known := t.sentSize(n)
	if !known {
		var err error
		if src, err = p.prepareProtected(r.Context(), b, t, n); err != nil {
			return err
		}
		defer src.Close() //nolint:errcheck // it was only read
		size = b.left()
		t.sizes[n].Store(size)
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
	if known {
		if src, err = p.prepareProtected(r.Context(), b, t, n); err != nil {
			return err
		}
		defer src.Close() //nolint:errcheck // it was only read
	}
	if partial {
		w.WriteHeader(http.StatusPartialContent)
	}
	if b.encryptTo(w, t.cipher(b, n), want) != nil && b.readErr != nil {
		// As sendBody: a short answer must not look whole.
		problem.Report(r, fmt.Errorf("reading segment %d of track %d: %w", n, t.ID, b.readErr))
		panic(http.ErrAbortHandler)
	}
	return nil
}

// sendInit sends the init segment of a key period. All but the first have nothing
// that it would save much to keep.
func (p *player) sendInit(w http.ResponseWriter, r *http.Request, t *prepared, period int) error {
	if period == 0 {
		return p.sendDocument(w, r, &t.init, true)
	}
	keys := t.file.protection
	if keys == nil || keys.Scheme != SampleAES || keys.periodOf(len(t.Segments)-1) < period {
		return problem.Errorf(ErrNotFound, "there is no such init segment")
	}
	d := newDocument(t.init.contentType[0], func() []byte { return keys.initSegment(t.Track, period) })
	return p.sendDocument(w, r, &d, true)
}

// isPicture reports whether slices are encrypted, and not samples.
func (t *prepared) isPicture() bool { return t.Kind == media.Video }

// protectedSize is how long an encrypted segment is, where that is known.
func (t *prepared) protectedSize(n int) (size int64, known bool) {
	size = segmentSize(t.Track, n)
	if t.file.protection.Scheme == AES128 {
		return paddedSize(size), true
	}
	return size + rotation(t.file.protection.rotated(t.Track, t.first+n)), !t.isPicture()
}

// sizesOf has room for the sizes of segments that are not known ahead.
func (p *protection) sizesOf(t *media.Track) []atomic.Int64 {
	if p == nil || p.Scheme != SampleAES || t.Kind != media.Video {
		return nil
	}
	return make([]atomic.Int64, len(t.Segments))
}

// sentSize is protectedSize, or what was found out since. Bit rates do not go by
// that: a playlist must not say what somebody asked for before.
func (t *prepared) sentSize(n int) (size int64, known bool) {
	if size, known = t.protectedSize(n); known {
		return size, true
	}
	size = t.sizes[n].Load()
	return size, size > 0
}

// prepareProtected is prepare; where samples are encrypted, b says so.
func (p *player) prepareProtected(ctx context.Context, b *body, t *prepared, n int) (source, error) {
	src, err := p.prepare(ctx, b, t, n)
	if err != nil || t.file.protection.Scheme == AES128 {
		return src, err
	}
	b.subsamples, b.counts = b.subsamples[:0], b.counts[:0]
	if t.isPicture() {
		s := &t.Segments[n]
		err = b.findSlices(t.Entries[s.Entry], t.InBand(s), t.Prefix)
	} else {
		b.wholeSamples()
	}
	if err != nil {
		_ = src.Close()
		return src, fmt.Errorf("reading segment %d of track %d: %w", n, t.ID, err)
	}
	b.space = appendProtectedFragment(b.space[:0], t.Track, n, b.samples, b.subsamples, b.counts, t.file.protection.rotated(t.Track, n))
	b.head = b.space
	return src, nil
}

// wholeSamples has all of each sample encrypted. There is nothing to count.
func (b *body) wholeSamples() {
	for i := range b.samples {
		b.subsamples = append(b.subsamples, media.Subsample{Protected: b.samples[i].Size})
	}
}

// findSubsamples looks for the slices of pictures in b.source.
func (b *body) findSubsamples(entry, sets []byte, prefix media.Prefix) error {
	find, err := media.NewSubsampler(entry)
	if err != nil {
		return err
	}
	for i := range b.samples {
		had := len(b.subsamples)
		from, sample := whole(b.source, prefix, b.samples[i])
		if b.subsamples, err = find.Append(b.subsamples, from, sets, sample); err != nil {
			return err
		}
		sets = nil // they stand before the first sample
		b.counts = append(b.counts, uint8(len(b.subsamples)-had))
	}
	return nil
}

// cipher encrypts segment n, which b is.
func (t *prepared) cipher(b *body, n int) segmentCipher {
	key := t.file.protection.keyOf(t.Track, n)
	if t.file.protection.Scheme == AES128 {
		return newWholeCipher(key, n)
	}
	boxes := len(b.head) - len(t.InBand(&t.Segments[n])) // parameter sets are in the first subsample
	return newSampleCipher(key, t.Kind, boxes, b.subsamples)
}

// encryptTo sends a range of what is left, encrypted, in blocks. Each block of a
// cipher depends on the one before: what comes before the range is encrypted,
// too, and not sent.
func (b *body) encryptTo(w io.Writer, c segmentCipher, want byteRange) error {
	block := blocks.Get().(*[blockSize]byte)
	defer blocks.Put(block)
	out := &rangeWriter{w: w, byteRange: want}
	kept := 0
	for out.length > 0 {
		n, err := b.Read(block[kept:])
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return err
		}
		piece := block[:kept+n]
		done := c.encrypt(piece, last)
		if int64(done) >= out.start+out.length { // Read asks when all was read
			if err := b.unchanged(); err != nil {
				return err
			}
		}
		if err := out.write(piece[:done]); err != nil || last {
			return errors.Join(err, out.write(c.padding()))
		}
		kept = copy(block[:], piece[done:])
	}
	return nil
}

// rangeWriter lets through what lies in a range of what is written.
type rangeWriter struct {
	byteRange

	w io.Writer
}

func (r *rangeWriter) write(b []byte) error {
	skip := min(r.start, int64(len(b)))
	r.start -= skip
	b = b[skip:]
	b = b[:min(int64(len(b)), r.length)]
	if len(b) == 0 {
		return nil
	}
	r.length -= int64(len(b))
	_, err := r.w.Write(b)
	return err
}

// rated is the track as it counts for bit rates: its segments are longer where
// they are encrypted.
func (t *prepared) rated() *media.Track {
	if t.file == nil || t.file.protection == nil {
		return t.Track
	}
	rated := *t.Track
	rated.Segments = make([]media.Segment, len(t.Segments))
	for n := range t.Segments {
		rated.Segments[n] = t.Segments[n]
		rated.Segments[n].Bytes += t.overhead(n)
	}
	return &rated
}

const (
	// What saiz, saio and senc take without their entries.
	sampleInfo = 17 + 20 + 16
	// usualSubsamples is how many most pictures have.
	usualSubsamples = 2
)

// overhead is by how much a segment gets longer, nearly: how many slices there
// are in pictures is not known yet.
func (t *prepared) overhead(n int) int64 {
	size, known := t.protectedSize(n)
	more := size - segmentSize(t.Track, n)
	if known {
		return more
	}
	return more + sampleInfo + int64(t.Segments[n].Samples)*(1+2+6*usualSubsamples)
}
