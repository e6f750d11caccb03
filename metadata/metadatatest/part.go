package metadatatest

import (
	"context"
	"errors"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

// fullPart returns an upload without an asset.
func fullPart(s metadata.UploadState) *metadata.Upload {
	u := fullUpload("")
	u.State, u.Concat = s, "partial"
	return u
}

func partsComeBack(t *testing.T, s metadata.Store) {
	u := fullPart(metadata.UploadOpen)
	insertUpload(t, s, u)
	got, err := s.Upload(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "inserted", got, u)
	u.State, u.Offset = metadata.UploadComplete, 99
	update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.UpdateUpload(ctx, u) })
	if got, err = s.Upload(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	equal(t, "updated", got, u)
	if !got.Part() || fullUpload("x").Part() {
		t.Error("a part is an upload without an asset")
	}
	if list, err := s.UploadsOf(t.Context(), ""); err != nil || len(list) != 0 {
		t.Errorf("the uploads of no asset: %v, %v; want none", list, err)
	}
}

func openParts(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	want := map[string]bool{}
	for _, state := range []metadata.UploadState{metadata.UploadOpen, metadata.UploadComplete, metadata.UploadCanceled, metadata.UploadFailed} {
		part, whole := fullPart(state), fullUpload(a.ID)
		whole.State = state
		insertUpload(t, s, part)
		insertUpload(t, s, whole)
		if state == metadata.UploadOpen || state == metadata.UploadComplete {
			want[part.ID] = true
		}
		if state == metadata.UploadOpen {
			want[whole.ID] = true
		}
	}
	list, err := s.OpenUploads(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, u := range list {
		got[u.ID] = true
	}
	equal(t, "open uploads", got, want)
}

func partsGone(t *testing.T, s metadata.Store) {
	u := fullPart(metadata.UploadComplete)
	insertUpload(t, s, u)
	deleteAndTell := func(ctx context.Context, tx metadata.Tx) error {
		return errors.Join(tx.DeleteUpload(ctx, u.ID), tx.Emit(ctx, &events.Event{Type: events.UploadCanceled, Upload: u.ID}))
	}
	err := s.Update(t.Context(), func(tx metadata.Tx) error { return errors.Join(deleteAndTell(t.Context(), tx), errMine) })
	if pending, perr := s.Events().Pending(t.Context(), 0, 10); !errors.Is(err, errMine) || perr != nil || len(pending) != 0 {
		t.Errorf("a transaction that was undone: %v, and told %v, %v", err, pending, perr)
	}
	if _, err := s.Upload(t.Context(), u.ID); err != nil {
		t.Fatalf("after a deletion that was undone: %v", err)
	}
	update(t, s, deleteAndTell)
	if _, err := s.Upload(t.Context(), u.ID); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("Upload: %v, want ErrNotFound", err)
	}
	if pending, err := s.Events().Pending(t.Context(), 0, 10); err != nil || len(pending) != 1 || pending[0].Upload != u.ID {
		t.Errorf("told %v, %v", pending, err)
	}
	expectGone(t, s, u)
}
