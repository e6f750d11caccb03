package postgres

import "context"

// Error wraps an error of the database with what was being done, as the methods of
// the store do, for whoever keeps tables of its own in the same one: it matches
// metadata.ErrFull or metadata.ErrUnavailable where an operator can mend it. ctx is
// that of whoever asked for it.
func Error(ctx context.Context, doing string, err error) error { return failed(ctx, doing, err) }

// Again says whether a transaction that failed by err would not have, had others
// been elsewhere: it is to be run once more.
func Again(err error) bool { return again(err) }
