// Package grouptest has Updates wait for each other, so that tests see what becomes
// of those that share a transaction.
package grouptest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

// Crowd has Updates wait behind one, in this order, so that they come to share a
// transaction, and returns their errors, or what they panicked with. waiting is
// Line.Waiting of the Line of s.
func Crowd(t testing.TB, s metadata.Store, waiting func() int, updates ...func(tx metadata.Tx) error) []any {
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
			for waiting() != i+1 {
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

// Put writes an asset that is id and little else.
func Put(tx metadata.Tx, id string) error {
	return tx.InsertAsset(context.Background(), &metadata.Asset{ID: id, State: metadata.Ready})
}

// Has says whether there is an asset id.
func Has(t testing.TB, s metadata.Store, id string) bool {
	t.Helper()
	_, err := s.Asset(t.Context(), id)
	return err == nil
}

// Shares fails the test unless Updates that wait for each other share a transaction,
// which transaction names.
func Shares(t *testing.T, s metadata.Store, waiting func() int, transaction func(tx metadata.Tx) any) {
	t.Helper()
	seen := map[any]bool{} // under the turn
	var updates []func(metadata.Tx) error
	for i := range 20 {
		updates = append(updates, func(tx metadata.Tx) error {
			seen[transaction(tx)] = true
			return Put(tx, fmt.Sprint("a", i))
		})
	}
	for i, err := range Crowd(t, s, waiting, updates...) {
		if err != nil || !Has(t, s, fmt.Sprint("a", i)) {
			t.Errorf("the Update %d: %v", i, err)
		}
	}
	if len(seen) != 1 {
		t.Errorf("20 Updates that waited at the same time had %d transactions", len(seen))
	}
}
