package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

// checkpointEvery bounds what a crash costs a client on a long request.
const checkpointEvery = 10 * time.Second

// pieces is where the bytes of a file come from, see body.next.
type pieces interface {
	next() ([]byte, error)
}

// receive appends src to the draft until it ends. What arrived before an error
// is in the draft, not yet durable. limit is how many bytes may come; one more
// is ErrTooLarge.
func (s *session) receive(ctx context.Context, src pieces, limit int64) error {
	for {
		p, err := src.next()
		switch {
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		case int64(len(p)) > limit:
			return s.tooLarge()
		}
		if err := s.take(p); err != nil {
			return err
		}
		limit -= int64(len(p))
		if err := s.keepUp(ctx); err != nil {
			return err
		}
	}
}

// take writes one piece, after a look at what it is.
func (s *session) take(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if err := s.sniff(p); err != nil && s.check == nil {
		return err
	} else if err != nil {
		s.verdict = err // on bytes that may be damaged: for when they are known to be right
	}
	n, err := s.draft.Write(p)
	s.digest.write(p[:n])
	if s.check != nil {
		s.check.write(p[:n])
	}
	s.u.Offset += int64(n)
	if err != nil {
		s.digest.head = s.digest.head[:min(int64(len(s.digest.head)), s.u.Offset)]
		return fmt.Errorf("upload: writing to %s: %w", s.u.ID, err)
	}
	return nil
}

// sniff decides on the type as soon as there are enough bytes, before they are
// written: gigabytes of something else never arrive.
func (s *session) sniff(p []byte) error {
	if s.u.Type != "" || s.lost || s.u.Part() {
		return nil
	}
	if s.u.Offset < media.SniffLen {
		s.digest.head = append(s.digest.head, p[:min(len(p), media.SniffLen-len(s.digest.head))]...)
	}
	t, ok := media.Sniff(s.digest.head)
	switch {
	case ok:
		return s.accept(t)
	case len(s.digest.head) >= media.SniffLen:
		return errNotMedia(s.digest.head)
	}
	return nil // more bytes may tell
}

func (s *session) accept(t media.Type) error {
	if !s.up.o.Accept(t) {
		return problem.Errorf(ErrType, "files of type %s are not taken here", t)
	}
	s.u.Type, s.digest.head = string(t), nil
	return nil
}

// errNotMedia says what the beginning of a file is, where that is known.
func errNotMedia(head []byte) error {
	switch picture := media.SniffPicture(head); picture {
	case "":
	case "animated WebP":
		return problem.Errorf(ErrType, "this is an animated WebP, which is not taken here: send it as a video, a GIF or an APNG")
	default:
		return problem.Errorf(ErrType, "this is a picture (%s), not a video or audio file: send a video, or a GIF or APNG that moves; "+
			"its content counts, not its name", picture)
	}
	return problem.Errorf(ErrType, "this is not a video or audio file that we know: "+
		"send a video, best an MP4 or MOV with H.264 and AAC; its content counts, not its name")
}

func (s *session) tooLarge() error {
	if s.u.Size >= 0 {
		return problem.Errorf(ErrTooLarge, "more bytes came than the %d that were announced", s.u.Size)
	}
	return s.up.errTooLarge()
}

func (up *Uploader) errTooLarge() error {
	return &problem.Error{
		Kind:   problem.KindOf(ErrTooLarge),
		Detail: fmt.Sprintf("files of up to %d bytes are taken here", up.o.MaxSize),
		Fields: map[string]any{"limit": up.o.MaxSize},
	}
}

// room is how many bytes the upload may still take.
func (s *session) room() int64 {
	switch {
	case s.u.Size >= 0:
		return s.u.Size - s.u.Offset
	case s.up.o.MaxSize > 0:
		return s.up.o.MaxSize - s.u.Offset
	}
	return 1<<63 - 1
}

// keepUp does what is due while bytes go on arriving.
func (s *session) keepUp(ctx context.Context) error {
	now := time.Now()
	s.publish(ctx, now)
	s.remember()
	switch {
	case s.check != nil && s.outgrown():
		return s.count(ctx)
	case s.check == nil && (now.Sub(s.synced) >= s.every || s.outgrown()):
		return s.checkpoint(ctx)
	}
	return nil
}
