package upload

import (
	"context"
	"fmt"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// reserveStep is how many bytes of an upload of unknown length may come before
// they are counted again. A variable for tests.
var reserveStep int64 = 64 << 20

// An allowance is what one owner may have.
type allowance struct {
	open  int   // uploads at a time; negative: any number
	bytes int64 // in open uploads; negative: any number
	quota int64 // in all; negative: any number
}

func (a allowance) none() bool { return a.open < 0 && a.bytes < 0 && a.quota < 0 }

// allowanceOf asks the application. It is called outside of transactions.
func (up *Uploader) allowanceOf(ctx context.Context, owner string) (allowance, error) {
	a := allowance{open: up.o.MaxOpen, bytes: up.o.MaxOpenBytes, quota: -1}
	if up.o.Quota == nil {
		return a, nil
	}
	var err error
	if a.quota, err = up.o.Quota(ctx, owner); err != nil {
		return a, fmt.Errorf("upload: asking for the quota of %s: %w", owner, err)
	}
	return a, nil
}

// check refuses when the owner has more than is allowed, as the transaction sees
// it. What is refused is in the transaction already.
func (a allowance) check(ctx context.Context, tx metadata.Tx, owner string) error {
	if a.none() {
		return nil
	}
	return a.has(ctx, tx, owner, 0)
}

// has refuses what is more than is allowed, as r sees it, with so many bytes of
// open uploads beside it.
func (a allowance) has(ctx context.Context, r metadata.Reader, owner string, more int64) error {
	u, err := r.Usage(ctx, owner)
	if err != nil {
		return fmt.Errorf("upload: counting what %s has: %w", owner, err)
	}
	used := u.OpenBytes + more
	if a.quota >= 0 { // all assets are summed up for it
		stored, err := r.Stored(ctx, owner)
		if err != nil {
			return fmt.Errorf("upload: counting what %s has: %w", owner, err)
		}
		used += stored
	}
	switch {
	case a.open >= 0 && u.Open > a.open:
		return problem.Errorf(ErrTooMany, "%d uploads may be open at the same time; complete or cancel one first", a.open)
	case a.bytes >= 0 && u.OpenBytes+more > a.bytes:
		return problem.Errorf(ErrTooMany, "open uploads may have %d bytes together; complete or cancel one first", a.bytes)
	case a.quota >= 0 && used > a.quota:
		return &problem.Error{
			Kind:   problem.KindOf(ErrQuota),
			Detail: fmt.Sprintf("there is room for %d bytes in all; delete something first", a.quota),
			Fields: map[string]any{"quota": a.quota, "used": used},
		}
	}
	return nil
}

// reserved is what an upload counts for: what was announced, or else what came.
func reserved(size, offset int64) int64 { return max(size, offset) }

// outgrown says whether an upload of unknown length is to be counted again.
func (s *session) outgrown() bool {
	return s.u.Size < 0 && s.u.Offset-max(s.durable, s.counted) >= reserveStep && !s.up.unlimited()
}

// count refuses a chunk for which the owner has no room. It is for one of which
// nothing may be written down yet, because it has a checksum.
func (s *session) count(ctx context.Context) error {
	s.counted = s.u.Offset
	allowed, err := s.up.allowanceOf(ctx, s.u.Owner)
	if err != nil {
		return err
	}
	allowed.open = -1
	return allowed.has(ctx, s.up.meta, s.u.Owner, s.u.Offset-s.durable)
}

func (up *Uploader) unlimited() bool {
	return up.o.MaxOpenBytes < 0 && up.o.Quota == nil
}
