package metadatatest

import (
	"context"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

var usageTests = []test{
	{"sums up what an owner has", usageSums},
	{"of somebody who has nothing is zero", usageOfNobody},
	{"is seen by a transaction with its own writes", usageInTransaction},
}

// used puts an asset and an upload of a state there.
func used(t *testing.T, s metadata.Store, owner string, stored int64, u metadata.Upload) {
	t.Helper()
	a := asset(owner)
	a.Size = stored
	insert(t, s, a)
	u.ID, u.Asset, u.Owner = metadata.NewID(), a.ID, owner
	insertUpload(t, s, &u)
}

func usageSums(t *testing.T, s metadata.Store) {
	used(t, s, "ann", 100, metadata.Upload{State: metadata.UploadOpen, Size: 1 << 40, Offset: 5})
	used(t, s, "ann", 0, metadata.Upload{State: metadata.UploadOpen, Size: -1, Offset: 7})
	used(t, s, "ann", 20, metadata.Upload{State: metadata.UploadComplete, Size: 20, Offset: 20})
	used(t, s, "ann", 0, metadata.Upload{State: metadata.UploadCanceled, Size: 30, Offset: 3})
	used(t, s, "bob", 9, metadata.Upload{State: metadata.UploadOpen, Size: 9})
	got, err := s.Usage(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "usage", got, metadata.Usage{Open: 2, OpenBytes: 1<<40 + 7, Stored: 120})
}

func usageOfNobody(t *testing.T, s metadata.Store) {
	got, err := s.Usage(t.Context(), "nobody")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "usage", got, metadata.Usage{})
}

func usageInTransaction(t *testing.T, s metadata.Store) {
	used(t, s, "ann", 1, metadata.Upload{State: metadata.UploadOpen, Size: 1})
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		a := asset("ann")
		a.Size = 2
		if err := tx.InsertAsset(ctx, a); err != nil {
			return err
		}
		got, err := tx.Usage(ctx, "ann")
		equal(t, "usage", got, metadata.Usage{Open: 1, OpenBytes: 1, Stored: 3})
		return err
	})
}
