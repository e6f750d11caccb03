package disk

import (
	"context"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

var _ storage.Spacer = (*Store)(nil)

// Space is how many bytes are free for this process where the data directory lies.
func (s *Store) Space(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.shape.RLock()
	defer s.shape.RUnlock()
	if s.closed {
		return 0, problem.Errorf(storage.ErrUnavailable, "the store is closed")
	}
	free, err := freeSpace(s.lock.Name())
	if err != nil {
		return 0, problem.Because(storage.ErrUnavailable, err, "how much room there is cannot be told")
	}
	return int64(min(free, math.MaxInt64)), nil
}
