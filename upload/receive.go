package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

const (
	bufferSize = 256 << 10
	// flushAfter bounds how long bytes of a slow client stay in memory only.
	flushAfter = time.Second
	// checkpointEvery bounds what a crash costs a client on a long request, and
	// how far a HEAD beside it lags behind.
	checkpointEvery = 10 * time.Second
)

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// receive appends src to the draft until it ends. What arrived before an error
// is in the draft, not yet durable. limit is how many bytes may come; one more
// is ErrTooLarge.
func (s *session) receive(ctx context.Context, src io.Reader, limit int64) error {
	buf := buffers.Get().(*[bufferSize]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(buf)
	for {
		n, readErr := fill(src, buf[:])
		if int64(n) > limit {
			return s.tooLarge()
		}
		if err := s.take(buf[:n]); err != nil {
			return err
		}
		limit -= int64(n)
		switch {
		case errors.Is(readErr, io.EOF):
			return nil
		case readErr != nil:
			return readErr
		}
		if err := s.keepUp(ctx); err != nil {
			return err
		}
	}
}

// fill reads until the buffer is half full, so that the small reads of a form
// or of TLS do not each become a write, or until flushAfter is over.
func fill(src io.Reader, buf []byte) (n int, err error) {
	start := time.Now()
	for n < len(buf)/2 && err == nil {
		var m int
		m, err = src.Read(buf[n:])
		n += m
		if n > 0 && time.Since(start) > flushAfter {
			break
		}
	}
	return n, err
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
		return errNotMedia()
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

func errNotMedia() error {
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
	if s.check == nil && now.Sub(s.synced) >= checkpointEvery {
		return s.checkpoint(ctx)
	}
	return nil
}
