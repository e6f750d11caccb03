package metadatatest

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

var assetTests = []test{
	{"come back as they were written", assetsComeBack},
	{"nil and empty lists are told apart", nilAndEmpty},
	{"an insert sets version and times", insertSets},
	{"an insert keeps a time of creation, to the microsecond, in UTC", insertKeepsCreated},
	{"an id that is there already is refused", insertExisting},
	{"an update replaces everything but the time of creation", updateReplaces},
	{"an update of an old version is a conflict and changes nothing", updateConflict},
	{"what is not there is not found", assetNotFound},
	{"a deleted id stays gone", deletedStaysGone},
	{"what is returned is the caller's own", returnedIsOwn},
	{"what is no text or no number is refused", badAssets},
	{"are listed by state and id, page by page", assetsIn},
	{"that somebody has to go on with are listed, page by page", lookedFor},
}

func assetsComeBack(t *testing.T, s metadata.Store) {
	a := fullAsset()
	insert(t, s, a)
	equal(t, "read", read(t, s, a.ID), a)
}

func nilAndEmpty(t *testing.T, s metadata.Store) {
	none, empty := asset("ann"), asset("ann")
	empty.Tags, empty.Tracks = []string{}, []metadata.Track{}
	empty.Renditions, empty.Captions = []metadata.Rendition{}, []metadata.Caption{}
	insert(t, s, none, empty)
	equal(t, "nil lists", read(t, s, none.ID), none)
	equal(t, "empty lists", read(t, s, empty.ID), empty)
}

func insertSets(t *testing.T, s metadata.Store) {
	a := asset("ann")
	a.Version = 9
	before := time.Now().Truncate(time.Microsecond)
	insert(t, s, a)
	if a.Version != 1 || a.CreatedAt.Before(before) || a.UpdatedAt.Before(before) || a.UpdatedAt.After(time.Now()) {
		t.Errorf("version %d, created %v, updated %v; want 1 and now", a.Version, a.CreatedAt, a.UpdatedAt)
	}
}

func insertKeepsCreated(t *testing.T, s metadata.Store) {
	a := asset("ann")
	a.CreatedAt = time.Date(2001, 2, 3, 4, 5, 6, 123456789, time.FixedZone("east", 3600))
	insert(t, s, a)
	want := time.Date(2001, 2, 3, 3, 5, 6, 123456000, time.UTC)
	equal(t, "in the argument", a.CreatedAt, want)
	got := read(t, s, a.ID).CreatedAt
	equal(t, "in the store", got, want)
	if got.Location() != time.UTC {
		t.Errorf("the location is %v, want UTC", got.Location())
	}
}

func insertExisting(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	b := &metadata.Asset{ID: a.ID, Owner: "bob", State: metadata.Ready}
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		if err := tx.InsertAsset(ctx, b); !errors.Is(err, metadata.ErrExists) {
			t.Errorf("InsertAsset: %v, want ErrExists", err)
		}
		return nil
	})
	if b.Version != 0 || !b.CreatedAt.IsZero() {
		t.Errorf("the refused insert changed its argument: %+v", b)
	}
	equal(t, "the first one", read(t, s, a.ID), a)
}

func updateReplaces(t *testing.T, s metadata.Store) {
	first := asset("ann")
	insert(t, s, first)
	a := fullAsset()
	a.ID, a.Owner, a.Version = first.ID, "bob", 1
	update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.UpdateAsset(ctx, a) })
	if a.Version != 2 || a.UpdatedAt.Before(first.UpdatedAt) {
		t.Errorf("version %d, updated %v; want 2, not before %v", a.Version, a.UpdatedAt, first.UpdatedAt)
	}
	equal(t, "created", a.CreatedAt, first.CreatedAt)
	equal(t, "read", read(t, s, a.ID), a)
}

func updateConflict(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	for _, version := range []int64{0, 2} {
		b := a.Clone()
		b.Title, b.Version = "mine", version
		want := b.Clone()
		update(t, s, func(ctx context.Context, tx metadata.Tx) error {
			if err := tx.UpdateAsset(ctx, b); !errors.Is(err, metadata.ErrConflict) {
				t.Errorf("UpdateAsset of version %d: %v, want ErrConflict", version, err)
			}
			return nil
		})
		equal(t, "the argument", b, want)
	}
	equal(t, "the asset", read(t, s, a.ID), a)
}

func assetNotFound(t *testing.T, s metadata.Store) {
	for _, id := range []string{metadata.NewID(), "", "../x", "a\x00b", "\xff", "' OR 1=1 --"} {
		if _, err := s.Asset(t.Context(), id); !errors.Is(err, metadata.ErrNotFound) {
			t.Errorf("Asset(%q): %v, want ErrNotFound", id, err)
		}
	}
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		_, err := tx.Asset(ctx, metadata.NewID())
		for what, err := range map[string]error{
			"Asset": err, "UpdateAsset": tx.UpdateAsset(ctx, asset("ann")), "DeleteAsset": tx.DeleteAsset(ctx, metadata.NewID()),
		} {
			if !errors.Is(err, metadata.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", what, err)
			}
		}
		return nil
	})
}

func deletedStaysGone(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.DeleteAsset(ctx, a.ID) })
	if _, err := s.Asset(t.Context(), a.ID); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("Asset: %v, want ErrNotFound", err)
	}
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		if err := tx.InsertAsset(ctx, &metadata.Asset{ID: a.ID, State: metadata.Ready}); !errors.Is(err, metadata.ErrGone) {
			t.Errorf("InsertAsset: %v, want ErrGone", err)
		}
		if err := tx.DeleteAsset(ctx, a.ID); !errors.Is(err, metadata.ErrNotFound) {
			t.Errorf("DeleteAsset: %v, want ErrNotFound", err)
		}
		if err := tx.UpdateAsset(ctx, a); !errors.Is(err, metadata.ErrNotFound) {
			t.Errorf("UpdateAsset: %v, want ErrNotFound", err)
		}
		return nil
	})
}

func returnedIsOwn(t *testing.T, s metadata.Store) {
	a := fullAsset()
	insert(t, s, a)
	want := a.Clone()
	a.Tags[0], a.Title = "changed", "changed"
	got := read(t, s, want.ID)
	equal(t, "after the argument changed", got, want)
	got.Tags[0], got.Tracks[0].Codec = "changed", "changed"
	equal(t, "after a result changed", read(t, s, want.ID), want)
}

func badAssets(t *testing.T, s metadata.Store) {
	for name, spoil := range map[string]func(*metadata.Asset){
		"no id":                   func(a *metadata.Asset) { a.ID = "" },
		"a NUL in the title":      func(a *metadata.Asset) { a.Title = "a\x00b" },
		"no UTF-8 in description": func(a *metadata.Asset) { a.Description = "\xff" },
		"no UTF-8 in a tag":       func(a *metadata.Asset) { a.Tags = []string{"\xc3"} },
		"a NUL in a codec":        func(a *metadata.Asset) { a.Tracks = []metadata.Track{{Codec: "\x00"}} },
		"no UTF-8 in a rendition": func(a *metadata.Asset) { a.Renditions = []metadata.Rendition{{Error: "\xed\xa0\x80"}} },
		"no UTF-8 in a caption":   func(a *metadata.Asset) { a.Captions = []metadata.Caption{{Label: "\xff"}} },
		"a duration of NaN":       func(a *metadata.Asset) { a.Duration = math.NaN() },
		"an endless duration":     func(a *metadata.Asset) { a.Duration = math.Inf(1) },
	} {
		a := asset("ann")
		spoil(a)
		update(t, s, func(ctx context.Context, tx metadata.Tx) error {
			if err := tx.InsertAsset(ctx, a); !errors.Is(err, metadata.ErrInvalid) {
				t.Errorf("%s: %v, want ErrInvalid", name, err)
			}
			return nil
		})
	}
}

// lookedFor has an asset for each way in which one may be undecided, or wait.
func lookedFor(t *testing.T, s metadata.Store) {
	const key, other = "uploads/x", "uploads/y"
	undecided, waiting := []string{}, []string{}
	for _, c := range []struct {
		state              metadata.State
		source, waits      string
		renditions         []metadata.Rendition
		upload             metadata.UploadState
		key                string
		undecided, waiting bool
	}{
		{state: metadata.Processing, upload: metadata.UploadComplete, key: key, undecided: true},
		{state: metadata.Processing, upload: metadata.UploadComplete, key: key, source: other, renditions: []metadata.Rendition{{Name: "source"}, {Name: "720p", Source: other}}, undecided: true},
		{state: metadata.Processing, upload: metadata.UploadComplete, key: key, source: key},
		{state: metadata.Processing, upload: metadata.UploadComplete, key: key, source: other, renditions: []metadata.Rendition{{Name: "720p", Source: key}}},
		{state: metadata.Processing, upload: metadata.UploadComplete, waits: metadata.WaitTranscoder, waiting: true},
		{state: metadata.Processing, upload: metadata.UploadComplete, key: key, waits: metadata.WaitFFmpeg, undecided: true, waiting: true},
		{state: metadata.Processing, upload: metadata.UploadFailed, key: key, waits: metadata.WaitTranscoder, waiting: true},
		{state: metadata.Processing, upload: metadata.UploadTranscoding, key: key, waits: metadata.WaitTranscoder},
		{state: metadata.Processing, upload: metadata.UploadOpen, key: key},
		{state: metadata.Ready, upload: metadata.UploadComplete, key: key, waits: metadata.WaitTranscoder},
	} {
		a := asset("ann")
		a.State, a.Source, a.Waiting, a.Renditions = c.state, c.source, c.waits, c.renditions
		insert(t, s, a)
		u := fullUpload(a.ID)
		u.State, u.Key = c.upload, c.key
		insertUpload(t, s, u)
		if c.undecided {
			undecided = append(undecided, a.ID)
		}
		if c.waiting {
			waiting = append(waiting, a.ID)
		}
	}
	for name, c := range map[string]struct {
		list func(ctx context.Context, after string, limit int) ([]*metadata.Asset, error)
		want []string
	}{"undecided": {s.UndecidedAssets, undecided}, "that wait": {s.WaitingAssets, waiting}} {
		slices.Sort(c.want)
		var got []string
		for after := ""; ; {
			page, err := c.list(t.Context(), after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page {
				after, got = a.ID, append(got, a.ID)
				equal(t, name, read(t, s, a.ID), a)
			}
			if len(page) < 2 || len(got) > len(c.want) {
				break
			}
		}
		equal(t, "assets "+name, got, c.want)
		if page, err := c.list(t.Context(), "", 0); err != nil || len(page) > 0 {
			t.Errorf("%s: limit 0 returns %d, %v; want nothing", name, len(page), err)
		}
	}
}

func assetsIn(t *testing.T, s metadata.Store) {
	want := map[string]bool{}
	for i := range 7 {
		a := asset([]string{"ann", "bob"}[i%2])
		a.State = metadata.Processing
		want[a.ID] = true
		insert(t, s, a, asset("ann"))
	}
	got, after := map[string]bool{}, ""
	for range 10 {
		page, err := s.AssetsIn(t.Context(), metadata.Processing, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, a := range page {
			if a.ID <= after {
				t.Errorf("%q comes after %q", a.ID, after)
			}
			after, got[a.ID] = a.ID, true
		}
	}
	equal(t, "assets in processing", got, want)
	if page, err := s.AssetsIn(t.Context(), metadata.Processing, "", 0); err != nil || len(page) != 0 {
		t.Errorf("limit 0 returns %d, %v; want nothing", len(page), err)
	}
}
