package upload

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// join appends the parts to the draft and completes the upload. It goes on when
// the client has left, who asks again and then finds it done; a server that
// stops keeps what is joined so far. Only a part that is lost, or a file that
// will never do, ends the upload, and the parts then stay until they expire.
func (s *session) join(ctx context.Context, j *joint) error {
	ctx = context.WithoutCancel(ctx)
	err := s.appendParts(ctx, j)
	if err == nil {
		_, err = s.finish(ctx, "")
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrGone) && s.hold.interrupted() == nil: // a part, not the upload
		return s.refuse(ctx, err)
	}
	return s.end(ctx, err)
}

// appendParts begins where the draft ends.
func (s *session) appendParts(ctx context.Context, j *joint) error {
	if s.draft == nil {
		if err := s.openDraft(ctx); err != nil {
			return err
		}
	}
	skip := s.u.Offset
	for _, part := range j.parts {
		if skip >= part.Size {
			skip -= part.Size
			continue
		}
		if err := s.appendPart(ctx, j, part, skip); err != nil {
			return err
		}
		skip = 0
	}
	return nil
}

func (s *session) appendPart(ctx context.Context, j *joint, part *metadata.Upload, from int64) error {
	blob, err := s.up.files.Open(ctx, part.Key)
	if errors.Is(err, storage.ErrNotFound) {
		return errPartLost(part, err)
	}
	if err != nil {
		return fmt.Errorf("upload: opening the part %s: %w", part.ID, err)
	}
	defer blob.Close() //nolint:errcheck // it was only read
	if size := blob.Info().Size; size != part.Size {
		return errPartLost(part, fmt.Errorf("it has %d bytes in storage, not %d", size, part.Size))
	}
	left := part.Size - from
	src := &partReader{
		src: io.NewSectionReader(blob, from, left), hold: s.hold, of: j,
		buf: buffers.Get().(*[bufferSize]byte), //nolint:forcetypeassert // the pool holds nothing else
	}
	defer buffers.Put(src.buf)
	return s.receive(ctx, src, left)
}

func errPartLost(part *metadata.Upload, err error) error {
	return problem.Because(ErrGone, err, "the bytes of the part %q are lost; send the file again", part.ID)
}

// A partReader is a part in pieces. It stops when the upload or one of its parts
// has to be let go of.
type partReader struct {
	src  io.Reader
	hold *hold
	of   *joint
	buf  *[bufferSize]byte
}

func (p *partReader) next() ([]byte, error) {
	if err := p.hold.interrupted(); err != nil {
		return nil, err
	}
	switch err := p.of.interrupted(); {
	case errors.Is(err, ErrGone):
		return nil, problem.Because(ErrGone, err, "a part was cancelled while the parts were joined")
	case err != nil:
		return nil, err
	}
	n, err := p.src.Read(p.buf[:])
	if n > 0 {
		return p.buf[:n], nil
	}
	return nil, err
}
