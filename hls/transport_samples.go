package hls

import (
	"context"
	"io"

	"github.com/streamgate/streamgate/internal/mpegts"
	"github.com/streamgate/streamgate/media"
)

// sampleStream reads the samples of a segment as if they lay one behind the other,
// the way that a body reads them. Who goes back begins anew.
type sampleStream struct {
	*body

	prefix media.Prefix
	at     int64
}

// newSampleStream reads the samples of in from src, and moves them to where they
// are in the stream. It is to be released.
func newSampleStream(ctx context.Context, src source, t *prepared, in *mpegts.Input) (*sampleStream, error) {
	s := &sampleStream{body: newBody(), prefix: t.Prefix}
	s.from(ctx, src)
	if err := s.repeats(t); err != nil {
		s.release()
		return nil, err
	}
	s.samples = append(s.samples[:0], in.Samples...)
	offset := int64(0)
	for i := range in.Samples {
		in.Samples[i].Offset = offset
		offset += int64(in.Samples[i].Size)
	}
	s.rewind()
	return s, nil
}

func (s *sampleStream) rewind() {
	s.span.close()
	s.room = appendRuns(s.room[:0], s.samples, s.prefix)
	s.runs, s.at = s.room, 0
}

// ReadAt reads from an offset of the stream.
func (s *sampleStream) ReadAt(p []byte, off int64) (int, error) {
	if off < s.at {
		s.rewind()
	}
	s.skipRuns(off - s.at)
	n, err := s.Read(p)
	s.at = off + int64(n)
	if n < len(p) && err == nil {
		err = io.EOF
	}
	return n, err
}
