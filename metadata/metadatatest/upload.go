package metadatatest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

var uploadTests = []test{
	{"come back as they were written", uploadsComeBack},
	{"need their asset", uploadNeedsAsset},
	{"an id that is there already is refused", uploadExists},
	{"an update of an old version is a conflict", uploadConflict},
	{"what is not there is not found", uploadNotFound},
	{"a deleted id stays gone", uploadGone},
	{"go with their asset, and their ids stay gone", uploadsCascade},
	{"of an asset are listed from the oldest", uploadsOf},
	{"that are open are listed by id, page by page", openUploads},
	{"that the transcoder writes are listed from the newest, page by page", transcodes},
	{"what is no text is refused", badUploads},
	{"that are parts need no asset", partsComeBack},
	{"that are parts are listed as open until they are deleted or over", openParts},
	{"that are parts are deleted together with what is told of it, and their ids stay gone", partsGone},
}

func uploadsComeBack(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	empty := &metadata.Upload{ID: metadata.NewID(), Asset: a.ID, State: metadata.UploadCanceled, Metadata: map[string]string{}}
	none := &metadata.Upload{ID: metadata.NewID(), Asset: a.ID, State: metadata.UploadFailed}
	for _, u := range []*metadata.Upload{fullUpload(a.ID), empty, none} {
		insertUpload(t, s, u)
		if u.Version != 1 || u.CreatedAt.IsZero() || u.UpdatedAt.IsZero() {
			t.Errorf("after the insert: %+v", u)
		}
		got, err := s.Upload(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "inserted", got, u)
	}
	u := fullUpload(a.ID)
	u.ID, u.Version, u.State, u.Offset, u.Hash = empty.ID, 1, metadata.UploadComplete, 1<<40, nil
	update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.UpdateUpload(ctx, u) })
	if u.Version != 2 || !u.CreatedAt.Equal(empty.CreatedAt) {
		t.Errorf("version %d, created %v; want 2, %v", u.Version, u.CreatedAt, empty.CreatedAt)
	}
	got, err := s.Upload(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "updated", got, u)
}

func uploadNeedsAsset(t *testing.T, s metadata.Store) {
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		if err := tx.InsertUpload(ctx, fullUpload(metadata.NewID())); !errors.Is(err, metadata.ErrNotFound) {
			t.Errorf("InsertUpload: %v, want ErrNotFound", err)
		}
		return nil
	})
}

func uploadExists(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	u := fullUpload(a.ID)
	insertUpload(t, s, u)
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		again := fullUpload(a.ID)
		again.ID = u.ID
		if err := tx.InsertUpload(ctx, again); !errors.Is(err, metadata.ErrExists) {
			t.Errorf("InsertUpload: %v, want ErrExists", err)
		}
		return nil
	})
}

func uploadConflict(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	u := fullUpload(a.ID)
	insertUpload(t, s, u)
	old := *u
	update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.UpdateUpload(ctx, u) })
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		if err := tx.UpdateUpload(ctx, &old); !errors.Is(err, metadata.ErrConflict) || old.Version != 1 {
			t.Errorf("UpdateUpload: %v, version %d; want ErrConflict, 1", err, old.Version)
		}
		return nil
	})
}

func uploadNotFound(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	if _, err := s.Upload(t.Context(), metadata.NewID()); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("Upload: %v, want ErrNotFound", err)
	}
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		if err := tx.UpdateUpload(ctx, fullUpload(a.ID)); !errors.Is(err, metadata.ErrNotFound) {
			t.Errorf("UpdateUpload: %v, want ErrNotFound", err)
		}
		if err := tx.DeleteUpload(ctx, metadata.NewID()); !errors.Is(err, metadata.ErrNotFound) {
			t.Errorf("DeleteUpload: %v, want ErrNotFound", err)
		}
		return nil
	})
}

func uploadGone(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	u := fullUpload(a.ID)
	insertUpload(t, s, u)
	update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.DeleteUpload(ctx, u.ID) })
	expectGone(t, s, u)
	equal(t, "the asset", read(t, s, a.ID), a)
}

func uploadsCascade(t *testing.T, s metadata.Store) {
	a, other := asset("ann"), asset("ann")
	insert(t, s, a, other)
	u, stays := fullUpload(a.ID), fullUpload(other.ID)
	insertUpload(t, s, u)
	insertUpload(t, s, stays)
	update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.DeleteAsset(ctx, a.ID) })
	if _, err := s.Upload(t.Context(), u.ID); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("Upload: %v, want ErrNotFound", err)
	}
	if _, err := s.Upload(t.Context(), stays.ID); err != nil {
		t.Errorf("the upload of another asset: %v", err)
	}
	u.Asset = other.ID
	expectGone(t, s, u)
}

func expectGone(t *testing.T, s metadata.Store, u *metadata.Upload) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		if err := tx.InsertUpload(ctx, u); !errors.Is(err, metadata.ErrGone) {
			t.Errorf("InsertUpload: %v, want ErrGone", err)
		}
		return nil
	})
}

func uploadsOf(t *testing.T, s metadata.Store) {
	a, other := asset("ann"), asset("ann")
	insert(t, s, a, other)
	begin := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	var want []*metadata.Upload
	for _, day := range []int{2, 0, 1} {
		u := fullUpload(a.ID)
		u.CreatedAt = begin.AddDate(0, 0, day)
		insertUpload(t, s, u)
		insertUpload(t, s, fullUpload(other.ID))
		want = append(want, u)
	}
	want = []*metadata.Upload{want[1], want[2], want[0]}
	got, err := s.UploadsOf(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "uploads", got, want)
	if got, err := s.UploadsOf(t.Context(), metadata.NewID()); err != nil || len(got) != 0 {
		t.Errorf("of no asset: %v, %v; want none", got, err)
	}
}

func openUploads(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	want := map[string]bool{}
	for range 5 {
		open, done := fullUpload(a.ID), fullUpload(a.ID)
		done.State = metadata.UploadComplete
		insertUpload(t, s, open)
		insertUpload(t, s, done)
		want[open.ID] = true
	}
	got, after := map[string]bool{}, ""
	for range 5 {
		page, err := s.OpenUploads(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			if u.ID <= after {
				t.Errorf("%q comes after %q", u.ID, after)
			}
			after, got[u.ID] = u.ID, true
		}
	}
	equal(t, "open uploads", got, want)
}

func transcodes(t *testing.T, s metadata.Store) {
	begun := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	a, b := asset("ann"), asset("bob")
	insert(t, s, a, b)
	var all, anns, unplayed, annsUnplayed []string // newest first
	for i := range 6 {
		for _, of := range []*metadata.Asset{a, b} {
			u := fullUpload(of.ID)
			u.Owner, u.Protocol, u.State = of.Owner, metadata.ProtocolTranscode, metadata.UploadFailed
			u.CreatedAt = begun.Add(time.Duration(i/2) * time.Millisecond) // so that four are of the same moment
			switch i {
			case 1, 2:
				u.State = metadata.UploadComplete
			case 3:
				u.State, u.Key = metadata.UploadComplete, ""
			}
			insertUpload(t, s, u)
			insertUpload(t, s, fullUpload(of.ID)) // a client's
			all = append(all, moment(u)+" "+u.ID)
			gone := u.State != metadata.UploadComplete || u.Key == ""
			if gone {
				unplayed = append(unplayed, all[len(all)-1])
			}
			if of == a {
				anns = append(anns, all[len(all)-1])
			}
			if of == a && gone {
				annsUnplayed = append(annsUnplayed, all[len(all)-1])
			}
		}
	}
	for _, list := range [][]string{all, anns, unplayed, annsUnplayed} {
		slices.Sort(list)
		slices.Reverse(list)
	}
	for _, c := range []struct {
		name string
		q    metadata.TranscodeQuery
		want []string
	}{
		{"of everybody", metadata.TranscodeQuery{}, all},
		{"of one", metadata.TranscodeQuery{Owner: "ann"}, anns},
		{"of nobody", metadata.TranscodeQuery{Owner: "cyd"}, nil},
		{"of before a moment", metadata.TranscodeQuery{Before: begun.Add(2 * time.Millisecond)}, all[4:]},
		{"of one before a moment", metadata.TranscodeQuery{Owner: "ann", Before: begun.Add(2 * time.Millisecond)}, anns[2:]},
		{"of which nothing plays", metadata.TranscodeQuery{Unplayed: true}, unplayed},
		{"of one of which nothing plays", metadata.TranscodeQuery{Owner: "ann", Unplayed: true}, annsUnplayed},
		{"of before all", metadata.TranscodeQuery{Before: begun}, nil},
	} {
		var got []string
		for q := c.q; ; {
			q.Limit = 3
			page, err := s.Transcodes(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page {
				got = append(got, moment(u)+" "+u.ID)
				q.Before, q.BeforeID = u.CreatedAt, u.ID
			}
			if len(page) < q.Limit || len(got) > len(all) {
				break
			}
		}
		equal(t, "transcodes "+c.name, got, c.want)
	}
	if page, err := s.Transcodes(t.Context(), metadata.TranscodeQuery{}); err != nil || len(page) > 0 {
		t.Errorf("with a limit of 0: %d, %v", len(page), err)
	}
}

func badUploads(t *testing.T, s metadata.Store) {
	a := asset("ann")
	insert(t, s, a)
	for name, spoil := range map[string]func(*metadata.Upload){
		"no id":                func(u *metadata.Upload) { u.ID = "" },
		"a NUL in a file name": func(u *metadata.Upload) { u.Filename = "\x00" },
		"no UTF-8 in metadata": func(u *metadata.Upload) { u.Metadata = map[string]string{"k": "\xff"} },
	} {
		u := fullUpload(a.ID)
		spoil(u)
		update(t, s, func(ctx context.Context, tx metadata.Tx) error {
			if err := tx.InsertUpload(ctx, u); !errors.Is(err, metadata.ErrInvalid) {
				t.Errorf("%s: %v, want ErrInvalid", name, err)
			}
			return nil
		})
	}
}

// moment is when an upload was created, as text that sorts.
func moment(u *metadata.Upload) string { return u.CreatedAt.UTC().Format("15:04:05.000000") }
