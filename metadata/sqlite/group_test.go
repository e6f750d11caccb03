package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/group/grouptest"
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

func TestUpdatesThatWaitShareATransaction(t *testing.T) {
	s := openStore(t)
	grouptest.Shares(t, s, s.line.Waiting, func(mtx metadata.Tx) any { return mtx.(*tx).sql }) //nolint:forcetypeassert // it is
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
			got := grouptest.Crowd(t, s, s.line.Waiting,
				func(tx metadata.Tx) error { return grouptest.Put(tx, "first") },
				func(tx metadata.Tx) error {
					if err := grouptest.Put(tx, "second"); err != nil {
						return err
					}
					return fail(tx)
				},
				func(tx metadata.Tx) error { return grouptest.Put(tx, "third") })
			if got[0] != nil || got[1] != any(mine) && name != "by its end" || got[2] != nil {
				t.Errorf("they got %v", got)
			}
			if !grouptest.Has(t, s, "first") || grouptest.Has(t, s, "second") || !grouptest.Has(t, s, "third") {
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
			if err := grouptest.Put(tx, "gone"); err != nil {
				t.Error(err)
			}
			runtime.Goexit() // as t.Fatal does
			return nil
		})
	}()
	<-done
	if err := s.Update(t.Context(), func(tx metadata.Tx) error { return grouptest.Put(tx, "next") }); err != nil {
		t.Fatal(err)
	}
	if grouptest.Has(t, s, "gone") || !grouptest.Has(t, s, "next") {
		t.Error("what was not to be is there, or what was to be is not")
	}
}

// A full disk makes SQLite undo the whole transaction.
func TestAGroupThatIsUndoneRunsAgain(t *testing.T) {
	s := openStore(t)
	runs := 0
	got := grouptest.Crowd(t, s, s.line.Waiting,
		func(tx metadata.Tx) error { runs++; return grouptest.Put(tx, "first") },
		func(mtx metadata.Tx) error {
			if err := mtx.(*tx).exec("ROLLBACK"); err != nil { //nolint:forcetypeassert // it is
				t.Error(err)
			}
			return errors.New("the disk is full")
		},
		func(tx metadata.Tx) error { return grouptest.Put(tx, "third") })
	if got[0] != nil || got[1] == nil || got[2] != nil {
		t.Errorf("they got %v", got)
	}
	if runs != 2 || !grouptest.Has(t, s, "first") || !grouptest.Has(t, s, "third") {
		t.Errorf("the first ran %d times; it is there: %v, and so is the third: %v", runs, grouptest.Has(t, s, "first"), grouptest.Has(t, s, "third"))
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
						if err := s.Update(b.Context(), func(tx metadata.Tx) error { return grouptest.Put(tx, metadata.NewID()) }); err != nil {
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
