package metadatatest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

var concurrencyTests = []test{
	{"no update of 64 goroutines is lost", noLostUpdate},
	{"readers do not wait for a writer", readersDoNotWait},
	{"a waiting writer gives up with its context", writerGivesUp},
	{"a read after an Update sees it", readYourWrites},
	{"events are numbered in the order in which they can be seen", eventOrder},
}

const goroutines = 64

// together runs fn in goroutines many goroutines and waits.
func together(fn func(i int)) {
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}

func noLostUpdate(t *testing.T, s metadata.Store) {
	const rounds = 4
	a := asset("ann")
	insert(t, s, a)
	ctx := t.Context()
	together(func(int) {
		for range rounds {
			if err := s.Update(ctx, func(tx metadata.Tx) error {
				a, err := tx.Asset(ctx, a.ID)
				if err != nil {
					return err
				}
				a.Size++
				return tx.UpdateAsset(ctx, a)
			}); err != nil {
				t.Errorf("Update: %v", err)
			}
		}
	})
	got := read(t, s, a.ID)
	if got.Size != goroutines*rounds || got.Version != goroutines*rounds+1 {
		t.Errorf("size %d, version %d after %d updates", got.Size, got.Version, goroutines*rounds)
	}
}

func readersDoNotWait(t *testing.T, s metadata.Store) {
	a := asset("ann")
	a.Title = "before"
	insert(t, s, a)
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		changed := a.Clone()
		changed.Title = "after"
		if err := tx.UpdateAsset(ctx, changed); err != nil {
			return err
		}
		reading, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		together(func(int) {
			got, err := s.Asset(reading, a.ID)
			if err != nil || got.Title != "before" {
				t.Errorf("Asset beside a writer: %+v, %v; want what was there before", got, err)
			}
			if page, err := s.Search(reading, metadata.Query{Text: "before"}); err != nil || len(page.Assets) != 1 {
				t.Errorf("Search beside a writer: %d assets, %v; want 1", len(page.Assets), err)
			}
		})
		return nil
	})
}

func writerGivesUp(t *testing.T, s metadata.Store) {
	update(t, s, func(ctx context.Context, _ metadata.Tx) error {
		waiting, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		done := make(chan error)
		go func() { done <- s.Update(waiting, func(metadata.Tx) error { return nil }) }()
		select {
		case err := <-done:
			if err == nil {
				t.Error("two updates ran at once")
			}
		case <-time.After(10 * time.Second):
			t.Error("the second Update still waits, long after its context ended")
		}
		return nil
	})
}

func readYourWrites(t *testing.T, s metadata.Store) {
	ctx := t.Context()
	together(func(i int) {
		a := asset(fmt.Sprint("owner", i))
		a.Title = "needle"
		for _, step := range []func(tx metadata.Tx) error{
			func(tx metadata.Tx) error { return tx.InsertAsset(ctx, a) },
			func(tx metadata.Tx) error { return tx.UpdateAsset(ctx, a) },
		} {
			if err := s.Update(ctx, step); err != nil {
				t.Error(err)
				return
			}
			got, err := s.Asset(ctx, a.ID)
			if err != nil || got.Version != a.Version {
				t.Errorf("Asset after Update: %+v, %v; want version %d", got, err, a.Version)
			}
			page, err := s.Search(ctx, metadata.Query{Owner: a.Owner, Text: "needle"})
			if err != nil || len(page.Assets) != 1 || page.Assets[0].Version != a.Version {
				t.Errorf("Search after Update: %+v, %v; want version %d", page, err, a.Version)
			}
		}
	})
}

func eventOrder(t *testing.T, s metadata.Store) {
	ctx := t.Context()
	stop, watched := make(chan struct{}), make(chan int)
	go func() { watched <- follower(t, s, stop) }()
	together(func(int) {
		for range 3 {
			if err := s.Update(ctx, func(tx metadata.Tx) error {
				return tx.Emit(ctx, &events.Event{Type: events.AssetUpdated, Owner: "ann"})
			}); err != nil {
				t.Error(err)
			}
		}
	})
	close(stop)
	if n := <-watched; n != 3*goroutines {
		t.Errorf("a reader that follows the log saw %d of %d events", n, 3*goroutines)
	}
}

// follower reads the log from id to id until stop is closed and nothing is left.
// Who has seen an id never finds a lower one later.
func follower(t *testing.T, s metadata.Store, stop <-chan struct{}) (n int) {
	var seen int64
	for {
		stopped := false
		select {
		case <-stop:
			stopped = true
		default:
		}
		list, err := s.Events().After(t.Context(), "ann", seen, 1000)
		if err != nil {
			t.Error(err)
			return n
		}
		for _, e := range list {
			if e.ID <= seen {
				t.Errorf("event %d comes after %d", e.ID, seen)
				return n
			}
			seen, n = e.ID, n+1
		}
		if stopped && len(list) == 0 {
			return n
		}
	}
}
