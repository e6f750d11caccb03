package media

import (
	"io"

	"github.com/streamgate/streamgate/internal/problem"
)

// foreign refuses what is no MP4 or MOV: a file of another container may be
// fine, and a transcoder's work; anything else is no media.
func foreign(r io.ReaderAt, size int64) error {
	if size <= 0 {
		return problem.Errorf(ErrNoMedia, "the file is empty")
	}
	head := make([]byte, min(size, SniffLen))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return err
	}
	t, ok := Sniff(head)
	switch {
	case !ok:
		return problem.Errorf(ErrInvalid, "this is not audio or video that is known here: it may be damaged at its beginning")
	case !t.isISO():
		return problem.Errorf(ErrUnsupported, "HLS carries MP4 and MOV files as they are; this is %s", t)
	}
	return nil
}

// isISO reports whether files of this type are made of ISO base media file
// format boxes.
func (t Type) isISO() bool {
	switch t {
	case TypeMP4, TypeM4A, TypeQuickTime, TypeThreeGPP, TypeThreeGPP2:
		return true
	}
	return false
}
