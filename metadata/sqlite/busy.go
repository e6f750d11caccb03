package sqlite

import (
	"context"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// busyLimit is for how long a write without a deadline of its own waits for
	// another process that holds the database locked.
	busyLimit = 30 * time.Second
	// busyPause keeps from spinning where SQLite does not wait by itself, as it
	// does elsewhere for busy_timeout.
	busyPause = 10 * time.Millisecond
)

// whileBusy calls write again as long as another process holds the lock.
func whileBusy(ctx context.Context, write func() error) error {
	ctx, cancel := context.WithTimeout(ctx, busyLimit)
	defer cancel()
	for {
		err := write()
		if code(err) != sqlite3.SQLITE_BUSY {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(busyPause):
		}
	}
}
