package postgres

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
)

func openStore(t testing.TB) *store {
	t.Helper()
	db, err := Open(t.Context(), pgtest.Database(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db.store
}

func put(tx metadata.Tx, id string) error {
	return tx.InsertAsset(context.Background(), &metadata.Asset{ID: id, State: metadata.Ready})
}

// crowd has Updates wait behind one, so that they come to share a transaction, and
// returns their errors, or what they panicked with.
func crowd(t *testing.T, s *store, updates ...func(tx metadata.Tx) error) []any {
	t.Helper()
	results := make([]any, len(updates))
	var all sync.WaitGroup
	again := false
	err := s.Update(t.Context(), func(metadata.Tx) error {
		if again { // it shares their transaction, too
			return nil
		}
		again = true
		for i, update := range updates {
			all.Go(func() {
				defer func() {
					if p := recover(); p != nil {
						results[i] = p
					}
				}()
				results[i] = s.Update(t.Context(), update)
			})
			for s.line.waiting.Load() != int32(i+1) { //nolint:gosec // a few
				runtime.Gosched()
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all.Wait()
	return results
}

func has(t *testing.T, s *store, id string) bool {
	t.Helper()
	_, err := s.Asset(t.Context(), id)
	return err == nil
}

func TestUpdatesThatWaitShareATransaction(t *testing.T) {
	s := openStore(t)
	groups := map[*group]bool{} // under the turn
	var updates []func(metadata.Tx) error
	for i := range 20 {
		updates = append(updates, func(tx metadata.Tx) error {
			groups[s.line.open] = true
			return put(tx, fmt.Sprint("a", i))
		})
	}
	for i, err := range crowd(t, s, updates...) {
		if err != nil || !has(t, s, fmt.Sprint("a", i)) {
			t.Errorf("the Update %d: %v", i, err)
		}
	}
	if len(groups) != 1 {
		t.Errorf("%d transactions, want 1", len(groups))
	}
}

var errMine = errors.New("mine")

func TestOneThatFailsHarmsNobody(t *testing.T) {
	const unsaid = "by an error of the server, without a word of it"
	for name, c := range map[string]struct {
		fail func(ctx context.Context, tx metadata.Tx) error
		runs int // of the one before it
	}{
		"having changed nothing": {func(ctx context.Context, tx metadata.Tx) error {
			_, err := tx.Asset(ctx, "missing")
			return errors.Join(errMine, err)
		}, 1},
		"refused": {func(_ context.Context, tx metadata.Tx) error { return errors.Join(errMine, put(tx, "before")) }, 1},
		"having written": {func(_ context.Context, tx metadata.Tx) error {
			return errors.Join(put(tx, "lost"), errMine)
		}, 2},
		"by an error of the server": {func(ctx context.Context, tx metadata.Tx) error {
			pg, _ := Transaction(tx)
			_, err := pg.Exec(ctx, "SELECT 1/0")
			return errors.Join(errMine, err)
		}, 2},
		unsaid: {func(ctx context.Context, tx metadata.Tx) error {
			pg, _ := Transaction(tx)
			_, _ = pg.Exec(ctx, "SELECT 1/0")
			return nil
		}, 2},
		"having deleted": {func(ctx context.Context, tx metadata.Tx) error {
			return errors.Join(tx.DeleteAsset(ctx, "before"), errMine)
		}, 2},
		"by a panic": {func(_ context.Context, tx metadata.Tx) error {
			_ = put(tx, "lost")
			panic(errMine)
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t)
			runs := 0
			results := crowd(t, s,
				func(tx metadata.Tx) error { runs++; return put(tx, "before") },
				func(tx metadata.Tx) error { return c.fail(t.Context(), tx) },
				func(tx metadata.Tx) error { return put(tx, "after") },
			)
			want := errMine
			if name == unsaid {
				want = errPassedOver
			}
			if err, ok := results[1].(error); !ok || !errors.Is(err, want) {
				t.Errorf("the one that fails: %v, want %v", results[1], want)
			}
			if results[0] != nil || results[2] != nil || !has(t, s, "before") || !has(t, s, "after") || has(t, s, "lost") {
				t.Errorf("the others: %v, %v", results[0], results[2])
			}
			if runs != c.runs {
				t.Errorf("the one before it ran %d times, want %d", runs, c.runs)
			}
		})
	}
}

// TestWhoeverIsTakenAlongOnceIsNotAgain has one that succeeds among many that write
// and fail, again and again.
func TestWhoeverIsTakenAlongOnceIsNotAgain(t *testing.T) {
	s := openStore(t)
	runs := 0
	kept := make(chan struct{})
	var all sync.WaitGroup
	fail := func(tx metadata.Tx) error { return errors.Join(put(tx, "lost"), errMine) }
	results := crowd(t, s,
		func(tx metadata.Tx) error {
			if runs++; runs == 1 {
				for range 10 {
					all.Go(func() {
						for {
							select {
							case <-kept:
								return
							default:
								_ = s.Update(t.Context(), fail)
							}
						}
					})
				}
			}
			return put(tx, "kept")
		}, fail)
	close(kept)
	all.Wait()
	if results[0] != nil || !has(t, s, "kept") {
		t.Errorf("among those that fail: %v", results[0])
	}
	if runs != 2 {
		t.Errorf("it ran %d times, want 2", runs)
	}
}

func TestAnUpdateThatEndsItsGoroutineKeepsNobodyWaiting(t *testing.T) {
	s := openStore(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Update(context.Background(), func(tx metadata.Tx) error {
			_ = put(tx, "lost")
			runtime.Goexit()
			return nil
		})
	}()
	<-done
	if err := s.Update(t.Context(), func(tx metadata.Tx) error { return put(tx, "after") }); err != nil || has(t, s, "lost") {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAnEmptyTransactionDoesNotStayOpen(t *testing.T) {
	s := openStore(t)
	waiting, give := context.WithCancel(t.Context())
	gone := make(chan error)
	err := s.Update(t.Context(), func(metadata.Tx) error {
		go func() { gone <- s.Update(waiting, func(metadata.Tx) error { return nil }) }()
		for s.line.waiting.Load() != 1 {
			runtime.Gosched()
		}
		give() // nobody is left to end what this one leaves
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("the one that waits: %v, want context.Canceled", err)
		}
		return errMine
	})
	if !errors.Is(err, errMine) {
		t.Error(err)
	}
	var open int
	if err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (
		SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&open); err != nil || open != 0 {
		t.Errorf("%d locks are held, %v", open, err)
	}
}
