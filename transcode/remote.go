package transcode

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// remote is a blob as programs get a copy of it. A blob never changes; should a store
// have another one under its key, that has another copy.
func (t *Transcoder) remote(ctx context.Context, key, sum string) (ffmpeg.Remote, error) {
	info, err := t.Files.Stat(ctx, key)
	if err != nil {
		return ffmpeg.Remote{}, err
	}
	return ffmpeg.Remote{
		ID:   fmt.Sprintf("%s %d %s", key, info.Size, info.ModTime.UTC().Format(time.RFC3339Nano)),
		Size: info.Size,
		Fetch: func(ctx context.Context, dst io.Writer) error {
			return t.fetch(ctx, dst, key, sum)
		},
	}, nil
}

// fetch writes a whole blob to dst. Where sum is not "" that is its SHA-256, in
// lower-case hex: other bytes are an error.
func (t *Transcoder) fetch(ctx context.Context, dst io.Writer, key, sum string) error {
	blob, err := t.Files.Open(ctx, key)
	if err != nil {
		return err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	from := &sequence{ctx: ctx, blob: blob, size: blob.Info().Size}
	defer from.close()
	hash := sha256.New()
	if _, err := io.CopyBuffer(io.MultiWriter(dst, hash), from, make([]byte, copyBuffer)); err != nil {
		return fmt.Errorf("transcode: copying %s: %w", key, err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); sum != "" && got != sum {
		return fmt.Errorf("transcode: copying %s: %w: their SHA-256 is %s, not %s", key, errOtherBytes, got, sum)
	}
	return nil
}

// errOtherBytes may be those of a connection: it is tried again.
var errOtherBytes = errors.New("storage has other bytes of the file than came")

const (
	copyBuffer = 256 << 10
	// piece is what is asked for at once of a blob that does not come as it arrives.
	piece = 8 << 20
	// breaks is how often in a row a blob is asked for again from where it broke off.
	breaks = 3
)

// A sequence reads a blob from its beginning to its end, by one request where it can
// come as it arrives. A connection that breaks is no reason to begin anew.
type sequence struct {
	ctx  context.Context //nolint:containedctx // one call's own
	blob storage.Blob
	size int64

	at     int64
	body   io.ReadCloser // from at on; nil where it is to be asked for
	broken int           // times since something came
}

func (s *sequence) Read(p []byte) (int, error) {
	for s.at < s.size {
		if err := s.ctx.Err(); err != nil {
			return 0, err
		}
		n, err := s.some(p)
		s.at += int64(n)
		if n > 0 {
			s.broken = 0
			return n, nil // what ended it is met again
		}
		s.close()
		if s.broken++; s.broken > breaks {
			return 0, err
		}
	}
	return 0, io.EOF
}

// some reads what comes next, and an error where nothing does.
func (s *sequence) some(p []byte) (int, error) {
	if s.body == nil {
		body, err := s.rest()
		if err != nil {
			return 0, err
		}
		s.body = body
	}
	n, err := s.body.Read(p[:min(int64(len(p)), s.size-s.at)])
	if err != nil && n > 0 {
		s.close() // a body need not say it twice
	}
	if n == 0 && (err == nil || errors.Is(err, io.EOF)) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (s *sequence) rest() (io.ReadCloser, error) {
	if far, ok := s.blob.(storage.RangeReader); ok {
		return far.ReadRange(s.ctx, s.at, s.size-s.at)
	}
	return io.NopCloser(bufio.NewReaderSize(io.NewSectionReader(s.blob, s.at, s.size-s.at), piece)), nil
}

func (s *sequence) close() {
	if s.body != nil {
		_ = s.body.Close() // it was only read
		s.body = nil
	}
}
