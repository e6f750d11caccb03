package upload

import (
	"context"
	"errors"

	"github.com/streamgate/streamgate/metadata"
)

// markEvery is how many bytes lie between two marks.
const markEvery = 1 << 20

// marks are the last two places of a draft to which a session can go back: on a
// disk that is full to the last byte, what has arrived cannot even be written
// down, unless something is given up for it.
type marks struct {
	older, newer mark
}

type mark struct {
	offset int64
	hash   []byte // the state of the digest there
}

// remember makes a mark now and then.
func (s *session) remember() {
	if s.lost || s.u.Offset-s.marks.newer.offset < markEvery {
		return
	}
	hash, err := s.digest.encode()
	if err != nil {
		return // the checkpoint tells
	}
	s.marks.older, s.marks.newer = s.marks.newer, mark{s.u.Offset, hash}
}

// checkpointWithin is a checkpoint that gives up the last bytes where the
// database has no room for it. They were not acknowledged.
func (s *session) checkpointWithin(ctx context.Context) error {
	err := s.checkpoint(ctx)
	back := s.marks.older
	if !errors.Is(err, metadata.ErrFull) || back.offset <= s.durable {
		return err
	}
	digest, decodeErr := decodeDigest(back.hash, s.up.hashes(s.u))
	if decodeErr != nil || s.draft.Truncate(back.offset) != nil {
		return err
	}
	s.u.Offset, s.digest = back.offset, digest
	return s.checkpoint(ctx)
}
