package postgres

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/group/grouptest"
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

func TestUpdatesThatWaitShareATransaction(t *testing.T) {
	s := openStore(t)
	grouptest.Shares(t, s, s.line.Waiting, func(mtx metadata.Tx) any { return mtx.(*tx).pg }) //nolint:forcetypeassert // it is
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
		"refused": {func(_ context.Context, tx metadata.Tx) error {
			return errors.Join(errMine, grouptest.Put(tx, "before"))
		}, 1},
		"having written": {func(_ context.Context, tx metadata.Tx) error {
			return errors.Join(grouptest.Put(tx, "lost"), errMine)
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
			_ = grouptest.Put(tx, "lost")
			panic(errMine)
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t)
			runs := 0
			results := grouptest.Crowd(t, s, s.line.Waiting,
				func(tx metadata.Tx) error { runs++; return grouptest.Put(tx, "before") },
				func(tx metadata.Tx) error { return c.fail(t.Context(), tx) },
				func(tx metadata.Tx) error { return grouptest.Put(tx, "after") },
			)
			want := errMine
			if name == unsaid {
				want = errPassedOver
			}
			if err, ok := results[1].(error); !ok || !errors.Is(err, want) {
				t.Errorf("the one that fails: %v, want %v", results[1], want)
			}
			if results[0] != nil || results[2] != nil || !grouptest.Has(t, s, "before") || !grouptest.Has(t, s, "after") || grouptest.Has(t, s, "lost") {
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
	fail := func(tx metadata.Tx) error { return errors.Join(grouptest.Put(tx, "lost"), errMine) }
	results := grouptest.Crowd(t, s, s.line.Waiting,
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
			return grouptest.Put(tx, "kept")
		}, fail)
	close(kept)
	all.Wait()
	if results[0] != nil || !grouptest.Has(t, s, "kept") {
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
			_ = grouptest.Put(tx, "lost")
			runtime.Goexit()
			return nil
		})
	}()
	<-done
	if err := s.Update(t.Context(), func(tx metadata.Tx) error { return grouptest.Put(tx, "after") }); err != nil || grouptest.Has(t, s, "lost") {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAnEmptyTransactionDoesNotStayOpen(t *testing.T) {
	s := openStore(t)
	waiting, give := context.WithCancel(t.Context())
	gone := make(chan error)
	err := s.Update(t.Context(), func(metadata.Tx) error {
		go func() { gone <- s.Update(waiting, func(metadata.Tx) error { return nil }) }()
		for s.line.Waiting() != 1 {
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
