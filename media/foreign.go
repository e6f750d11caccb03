package media

import (
	"io"

	"github.com/streamgate/streamgate/internal/problem"
)

// known tells the type of a file, and refuses what is no MP4, MOV, Matroska or
// WebM: a file of another container may be fine, and a transcoder's work;
// anything else is no media.
func known(r io.ReaderAt, size int64) (Type, error) {
	if size <= 0 {
		return "", problem.Errorf(ErrNoMedia, "the file is empty")
	}
	head := make([]byte, min(size, SniffLen))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return "", err
	}
	t, ok := Sniff(head)
	switch {
	case !ok && SniffPicture(head) != "":
		return t, problem.Errorf(ErrInvalid, "this is a picture (%s), not audio or video", SniffPicture(head))
	case !ok:
		return t, problem.Errorf(ErrInvalid, "this is not audio or video that is known here: it may be damaged at its beginning")
	case !t.isISO() && !t.isMatroska():
		return t, problem.Errorf(ErrUnsupported, "HLS carries MP4, MOV, Matroska and WebM files as they are; this is %s", t)
	}
	return t, nil
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

// isMatroska reports whether files of this type are made of Matroska's elements.
func (t Type) isMatroska() bool { return t == TypeMatroska || t == TypeWebM }
