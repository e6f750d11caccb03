package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

func openStore(t testing.TB) *store {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db.store
}

func put(tx metadata.Tx, id string) error {
	return tx.InsertAsset(context.Background(), &metadata.Asset{ID: id, State: metadata.Ready})
}

// crowd has Updates wait behind one, so that they come to share a transaction,
// and returns their errors, or what they panicked with.
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
	var groups sync.Map
	var updates []func(metadata.Tx) error
	for i := range 20 {
		updates = append(updates, func(tx metadata.Tx) error {
			groups.Store(s.line.open, true)
			return put(tx, fmt.Sprint("a", i))
		})
	}
	for i, err := range crowd(t, s, updates...) {
		if err != nil || !has(t, s, fmt.Sprint("a", i)) {
			t.Errorf("update %d: %v", i, err)
		}
	}
	n := 0
	groups.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("20 updates that waited at the same time had %d transactions", n)
	}
}

func TestOneOfAGroupThatFailsTakesNobodyAlong(t *testing.T) {
	mine := errors.New("mine")
	for name, fail := range map[string]func(tx metadata.Tx) error{
		"by an error": func(metadata.Tx) error { return mine },
		"by a panic":  func(metadata.Tx) error { panic(mine) },
		"by its end":  func(metadata.Tx) error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t)
			got := crowd(t, s,
				func(tx metadata.Tx) error { return put(tx, "first") },
				func(tx metadata.Tx) error {
					if err := put(tx, "second"); err != nil {
						return err
					}
					return fail(tx)
				},
				func(tx metadata.Tx) error { return put(tx, "third") })
			if got[0] != nil || got[1] != any(mine) && name != "by its end" || got[2] != nil {
				t.Errorf("they got %v", got)
			}
			if !has(t, s, "first") || has(t, s, "second") || !has(t, s, "third") {
				t.Error("what one did, and what it undid, is not what is there")
			}
		})
	}
}

func TestAnUpdateWhoseGoroutineEndsIsUndone(t *testing.T) {
	s := openStore(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Update(t.Context(), func(tx metadata.Tx) error {
			if err := put(tx, "gone"); err != nil {
				t.Error(err)
			}
			runtime.Goexit() // as t.Fatal does
			return nil
		})
	}()
	<-done
	if err := s.Update(t.Context(), func(tx metadata.Tx) error { return put(tx, "next") }); err != nil {
		t.Fatal(err)
	}
	if has(t, s, "gone") || !has(t, s, "next") {
		t.Error("what was not to be is there, or what was to be is not")
	}
}

// A full disk makes SQLite undo the whole transaction.
func TestAGroupThatIsUndoneRunsAgain(t *testing.T) {
	s := openStore(t)
	runs := 0
	got := crowd(t, s,
		func(tx metadata.Tx) error { runs++; return put(tx, "first") },
		func(metadata.Tx) error {
			if _, err := s.line.open.tx.Exec("ROLLBACK"); err != nil {
				t.Error(err)
			}
			return errors.New("the disk is full")
		},
		func(tx metadata.Tx) error { return put(tx, "third") })
	if got[0] != nil || got[1] == nil || got[2] != nil {
		t.Errorf("they got %v", got)
	}
	if runs != 2 || !has(t, s, "first") || !has(t, s, "third") {
		t.Errorf("the first ran %d times; it is there: %v, and so is the third: %v", runs, has(t, s, "first"), has(t, s, "third"))
	}
}

// BenchmarkManyWriters is what a durable change costs where many want one.
func BenchmarkManyWriters(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(writers, " writers"), func(b *testing.B) {
			s := openStore(b)
			var all sync.WaitGroup
			for w := range writers {
				all.Go(func() {
					for i := w; i < b.N; i += writers {
						if err := s.Update(b.Context(), func(tx metadata.Tx) error { return put(tx, metadata.NewID()) }); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
		})
	}
}
