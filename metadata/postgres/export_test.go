package postgres

import (
	"context"

	"github.com/streamgate/streamgate/metadata"
)

// Vacuum does what the server does by itself some time after a change; on another
// store nothing.
func Vacuum(ctx context.Context, s metadata.Store) error {
	own, ok := s.(*store)
	if !ok {
		return nil
	}
	_, err := own.pool.Exec(ctx, "VACUUM ANALYZE")
	return err
}
