package postgres

import (
	"context"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

const (
	takeClaim = `INSERT INTO claims (name, who, until) VALUES ($1, $2, ` + clock + ` + $3)
		ON CONFLICT (name) DO UPDATE SET who = excluded.who, until = excluded.until
		WHERE claims.who = excluded.who OR claims.until < ` + clock
	// What processes that died have left goes with it, an hour later.
	leaveClaim = `DELETE FROM claims WHERE name = $1 AND who = $2 OR until < ` + clock + ` - 3600000000`
)

var _ metadata.Claimer = (*store)(nil)

// Claim implements metadata.Claimer.
func (s *store) Claim(ctx context.Context, name, who string, d time.Duration) (bool, error) {
	n, err := s.exec(ctx, "claim", takeClaim, name, who, d.Microseconds())
	return n > 0, err
}

// Release implements metadata.Claimer.
func (s *store) Release(ctx context.Context, name, who string) error {
	_, err := s.exec(ctx, "release a claim", leaveClaim, name, who)
	return err
}
