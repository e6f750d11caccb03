package metadatatest

import (
	"context"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

var usageTests = []test{
	{"sums up what an owner has", usageSums},
	{"of somebody who has nothing is zero", usageOfNobody},
	{"counts files and captions beside the source once", usageOfRenditions},
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
	for _, part := range []metadata.Upload{
		{State: metadata.UploadOpen, Size: 1000, Offset: 5},
		{State: metadata.UploadComplete, Size: 2000, Offset: 2000, Key: "parts/x/source"},
		{State: metadata.UploadComplete, Size: 3000, Offset: 3000}, // joined
	} {
		part.ID, part.Owner = metadata.NewID(), "ann"
		insertUpload(t, s, &part)
	}
	got, err := s.Usage(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "usage", got, metadata.Usage{Open: 3, OpenBytes: 1<<40 + 3007})
	equalStored(t, s, "ann", 120)
}

func usageOfNobody(t *testing.T, s metadata.Store) {
	got, err := s.Usage(t.Context(), "nobody")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "usage", got, metadata.Usage{})
	equalStored(t, s, "nobody", 0)
}

func usageOfRenditions(t *testing.T, s metadata.Store) {
	a := asset("ann")
	a.State, a.Size, a.Source = metadata.Processing, 100, "assets/x/source"
	a.Renditions = []metadata.Rendition{
		{Name: metadata.SourceRendition, State: metadata.Ready},
		{Name: "360p", State: metadata.Ready, Size: 20, Source: "assets/x/360p"},
		{Name: "720p", State: metadata.Ready, Size: 30, Source: "assets/x/720p"},
	}
	insert(t, s, a)
	for key, size := range map[string]int64{"assets/x/source": 100, "assets/x/360p": 20, "assets/x/new": 7} {
		insertUpload(t, s, &metadata.Upload{ID: metadata.NewID(), Asset: a.ID, Owner: "ann", State: metadata.UploadComplete, Size: size, Offset: size, Key: key})
	}
	equalStored(t, s, "ann", 157)
	a.Renditions = a.Renditions[:2]
	update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.UpdateAsset(ctx, a) })
	equalStored(t, s, "ann", 127)
	a.Captions = []metadata.Caption{{Language: "en", Key: "assets/x/en", Size: 3}, {Language: "de", Key: "assets/x/de", Size: 4}}
	update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.UpdateAsset(ctx, a) })
	equalStored(t, s, "ann", 134)
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
		equal(t, "usage", got, metadata.Usage{Open: 1, OpenBytes: 1})
		equalStored(t, tx, "ann", 3)
		return err
	})
}

func equalStored(t *testing.T, r metadata.Reader, owner string, want int64) {
	t.Helper()
	got, err := r.Stored(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "stored", got, want)
}
