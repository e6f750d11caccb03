package metadatatest

import (
	"context"
	"errors"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

var transactionTests = []test{
	{"reads see the transaction's own writes, and others do not", ownWrites},
	{"an error of fn is returned as it is and leaves nothing", rollbackLeavesNothing},
	{"a panic leaves nothing and goes on", panicLeavesNothing},
	{"a refused write leaves the others", refusedWrite},
	{"a context that has ended changes nothing", endedContext},
	{"a context that ends meanwhile changes nothing", contextEndsMeanwhile},
	{"the store answers a ping", pings},
}

var errMine = errors.New("mine")

// writeAll writes something of everything.
func writeAll(ctx context.Context, tx metadata.Tx, a *metadata.Asset, u *metadata.Upload, e *events.Event) error {
	return errors.Join(tx.InsertAsset(ctx, a), tx.InsertUpload(ctx, u), tx.Emit(ctx, e))
}

func ownWrites(t *testing.T, s metadata.Store) {
	a := asset("ann")
	u := fullUpload(a.ID)
	a.State = metadata.Processing
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		if err := writeAll(ctx, tx, a, u, &events.Event{Type: events.AssetCreated}); err != nil {
			return err
		}
		equal(t, "asset", read(t, tx, a.ID), a)
		got, err := tx.Upload(ctx, u.ID)
		equal(t, "upload", got, u)
		of, err2 := tx.UploadsOf(ctx, a.ID)
		equal(t, "uploads of the asset", of, []*metadata.Upload{u})
		open, err3 := tx.OpenUploads(ctx, "", 10)
		equal(t, "open uploads", open, []*metadata.Upload{u})
		in, err4 := tx.AssetsIn(ctx, metadata.Processing, "", 10)
		equal(t, "assets in processing", in, []*metadata.Asset{a})
		expectNothing(t, s, a, u) // no reader outside
		if err := tx.DeleteAsset(ctx, a.ID); err != nil {
			return err
		}
		if _, err := tx.Upload(ctx, u.ID); !errors.Is(err, metadata.ErrNotFound) {
			t.Errorf("the upload of the deleted asset: %v, want ErrNotFound", err)
		}
		return errors.Join(err, err2, err3, err4)
	})
}

func rollbackLeavesNothing(t *testing.T, s metadata.Store) {
	kept := asset("ann")
	insert(t, s, kept)
	a := asset("ann")
	u := fullUpload(a.ID)
	err := s.Update(t.Context(), func(tx metadata.Tx) error {
		changed := kept.Clone()
		changed.Title = "changed"
		err := errors.Join(writeAll(t.Context(), tx, a, u, &events.Event{Type: events.AssetCreated, Owner: "ann"}),
			tx.UpdateAsset(t.Context(), changed), tx.DeleteAsset(t.Context(), kept.ID))
		return errors.Join(err, errMine)
	})
	if !errors.Is(err, errMine) {
		t.Errorf("Update: %v, want fn's own error", err)
	}
	expectNothing(t, s, a, u)
	equal(t, "what was there", read(t, s, kept.ID), kept)
	insert(t, s, a) // no tombstone, no row
	insertUpload(t, s, u)
}

// expectNothing fails where anything of a, u or an event is there.
func expectNothing(t *testing.T, s metadata.Store, a *metadata.Asset, u *metadata.Upload) {
	t.Helper()
	if _, err := s.Asset(t.Context(), a.ID); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("Asset: %v, want ErrNotFound", err)
	}
	if _, err := s.Upload(t.Context(), u.ID); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("Upload: %v, want ErrNotFound", err)
	}
	if pending, err := s.Events().Pending(t.Context(), 0, 10); err != nil || len(pending) != 0 {
		t.Errorf("pending events: %v, %v; want none", pending, err)
	}
}

func panicLeavesNothing(t *testing.T, s metadata.Store) {
	a := asset("ann")
	u := fullUpload(a.ID)
	func() {
		defer func() {
			if r := recover(); r != errMine { //nolint:errorlint // the very value is wanted
				t.Errorf("recovered %v, want the panic of fn", r)
			}
		}()
		_ = s.Update(t.Context(), func(tx metadata.Tx) error {
			if err := writeAll(t.Context(), tx, a, u, &events.Event{Type: events.AssetCreated}); err != nil {
				t.Error(err)
			}
			panic(errMine)
		})
	}()
	expectNothing(t, s, a, u)
	insert(t, s, a) // the store still works
}

func refusedWrite(t *testing.T, s metadata.Store) {
	a, b := asset("ann"), asset("ann")
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		if err := tx.InsertAsset(ctx, a); err != nil {
			return err
		}
		if err := tx.InsertAsset(ctx, a.Clone()); !errors.Is(err, metadata.ErrExists) {
			t.Errorf("InsertAsset: %v, want ErrExists", err)
		}
		if err := tx.InsertUpload(ctx, fullUpload(metadata.NewID())); !errors.Is(err, metadata.ErrNotFound) {
			t.Errorf("InsertUpload: %v, want ErrNotFound", err)
		}
		return tx.InsertAsset(ctx, b)
	})
	equal(t, "the first", read(t, s, a.ID), a)
	equal(t, "the one after the refusal", read(t, s, b.ID), b)
}

func endedContext(t *testing.T, s metadata.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Update(ctx, func(metadata.Tx) error {
		t.Error("fn ran")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update: %v, want context.Canceled", err)
	}
	if _, err := s.Asset(ctx, metadata.NewID()); !errors.Is(err, context.Canceled) {
		t.Errorf("Asset: %v, want context.Canceled", err)
	}
	if _, err := s.Search(ctx, metadata.Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Search: %v, want context.Canceled", err)
	}
	insert(t, s, asset("ann")) // the store still works
}

func contextEndsMeanwhile(t *testing.T, s metadata.Store) {
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		a, b := asset("ann"), asset("ann")
		err := s.Update(ctx, func(tx metadata.Tx) error {
			if err := tx.InsertAsset(ctx, a); err != nil {
				t.Error(err)
			}
			cancel()
			return tx.InsertAsset(ctx, b)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Update: %v, want context.Canceled", err)
		}
		if _, err := s.Asset(t.Context(), a.ID); !errors.Is(err, metadata.ErrNotFound) {
			t.Errorf("Asset: %v, want ErrNotFound", err)
		}
	}
	insert(t, s, asset("ann")) // the store still works
}

func pings(t *testing.T, s metadata.Store) {
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
