package hls

import (
	"io"

	"github.com/streamgate/streamgate/media"
)

// whole is a sample of a track whose samples begin with prefix, and what all of it
// is read from.
func whole(src io.ReaderAt, prefix media.Prefix, sample media.Sample) (io.ReaderAt, media.Sample) {
	if prefix.Size == 0 {
		return src, sample
	}
	src = &prefixed{src, prefix, sample.Offset}
	sample.Offset = 0
	return src, sample
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
