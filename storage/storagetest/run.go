// Package storagetest is the suite that every storage.Store must pass: each
// sentence of the contract is a test of it.
//
//	func TestStore(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) storage.Store {
//			s, err := disk.Open(t.TempDir())
//			...
//			return s
//		})
//	}
package storagetest

import (
	"slices"
	"testing"

	"github.com/streamgate/streamgate/storage"
)

// A check is one sentence of the contract.
type check struct {
	name string
	run  func(t *testing.T, s storage.Store)
}

// Run checks a store. It calls open once for each check, for an empty store of
// its own that open also closes when the test ends. What a store can do besides
// (storage.FileOpener, storage.DraftReader, storage.RangeReader) is checked when it
// can; for storage.Importer call RunImporter.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	t.Helper()
	for _, c := range slices.Concat(draftChecks, commitChecks, readChecks, listChecks,
		deleteChecks, refusalChecks, raceChecks, fileChecks, draftReadChecks, rangeChecks) {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// RunImporter checks a store that implements storage.Importer. open also
// returns an empty folder from which the store may import.
func RunImporter(t *testing.T, open func(t *testing.T) (s storage.Store, folder string)) {
	t.Helper()
	for _, c := range importChecks {
		t.Run(c.name, func(t *testing.T) {
			s, folder := open(t)
			if _, ok := s.(storage.Importer); !ok {
				t.Fatalf("%T does not implement storage.Importer", s)
			}
			c.run(t, s, folder)
		})
	}
}
