package hls

import (
	"io"

	"github.com/streamgate/streamgate/media"
)

// alone reports whether the first sample of a segment decodes alone.
func alone(src io.ReaderAt, t *media.Track, s *media.Segment, first media.Sample) (bool, error) {
	src, first = whole(src, t.Prefix, first)
	return media.Intra(src, t.Entries[s.Entry], first)
}
