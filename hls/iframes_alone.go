package hls

import (
	"io"

	"github.com/streamgate/streamgate/media"
)

// alone reports whether the first sample of a segment decodes alone.
func alone(src io.ReaderAt, t *media.Track, s *media.Segment, first media.Sample) (bool, error) {
	if t.Prefix.Size > 0 {
		src = &prefixed{src, t.Prefix, first.Offset}
		first.Offset = 0
	}
	return media.Intra(src, t.Entries[s.Entry], first)
}

// prefixed is a sample of a track whose samples lack what they all begin with.
type prefixed struct {
	io.ReaderAt
	prefix media.Prefix
	rest   int64 // where the rest of it is
}

func (p *prefixed) ReadAt(b []byte, off int64) (n int, err error) {
	size := int64(p.prefix.Size)
	if off < size {
		n, err = p.ReaderAt.ReadAt(b[:min(int64(len(b)), size-off)], p.prefix.Offset+off)
		if n == len(b) || int64(n) < size-off {
			return n, err
		}
	}
	k, err := p.ReaderAt.ReadAt(b[n:], p.rest+off+int64(n)-size)
	return n + k, err
}
