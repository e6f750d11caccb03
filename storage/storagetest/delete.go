package storagetest

import (
	"testing"

	"github.com/streamgate/streamgate/storage"
)

var deleteChecks = []check{
	{"a deleted blob is gone, and its key free", func(t *testing.T, s storage.Store) {
		put(t, s, "a/b/c", "old")
		put(t, s, "a/b/d", "other")
		remove(t, s, "a/b/c")
		wantNoBlob(t, s, "a/b/c")
		wantBlob(t, s, "a/b/d", "other")
		put(t, s, "a/b/c", "new")
		wantBlob(t, s, "a/b/c", "new")
	}},
	{"a deleted draft is gone, and its key free", func(t *testing.T, s storage.Store) {
		draft(t, s, "a/b", "old")
		remove(t, s, "a/b")
		wantKeys(t, s.Drafts(t.Context(), ""))
		_, err := s.Append(t.Context(), "a/b")
		wantError(t, "Append", err, storage.ErrNotFound)
		put(t, s, "a/b", "new")
		wantBlob(t, s, "a/b", "new")
	}},
	{"deleting what is not there is no error", func(t *testing.T, s storage.Store) {
		remove(t, s, "a/b/c")
		put(t, s, "a/b", "x")
		remove(t, s, "a/b")
		remove(t, s, "a/b")
		remove(t, s, "a/b/c")
	}},
	{"deleting a directory of keys deletes none of them", func(t *testing.T, s storage.Store) {
		put(t, s, "a/b", "blob")
		draft(t, s, "a/c", "draft")
		remove(t, s, "a")
		wantBlob(t, s, "a/b", "blob")
		wantKeys(t, s.Drafts(t.Context(), ""), "a/c 5")
	}},
	{"who has a deleted blob open reads on", func(t *testing.T, s storage.Store) {
		put(t, s, "a/b", "still here")
		b := open(t, s, "a/b")
		remove(t, s, "a/b")
		put(t, s, "a/b", "another")
		if got := content(t, b); got != "still here" {
			t.Errorf("reads %q", got)
		}
	}},
	{"who has a deleted draft open is told", func(t *testing.T, s storage.Store) {
		d := create(t, s, "a/b")
		write(t, d, "old")
		remove(t, s, "a/b")
		_, err := d.Write([]byte("more"))
		wantError(t, "Write", err, storage.ErrNotFound)
		wantError(t, "Sync", d.Sync(), storage.ErrNotFound)
		wantError(t, "Commit", d.Commit(t.Context()), storage.ErrNotFound)
		closeDraft(t, d)
		wantNoBlob(t, s, "a/b")
		wantKeys(t, s.Drafts(t.Context(), ""))
	}},
	{"a deleted draft does not touch its successor", func(t *testing.T, s storage.Store) {
		old := create(t, s, "a/b")
		write(t, old, "old")
		remove(t, s, "a/b")
		successor := create(t, s, "a/b")
		write(t, successor, "new")
		wantError(t, "Commit", old.Commit(t.Context()), storage.ErrNotFound)
		closeDraft(t, old)
		_, err := s.Append(t.Context(), "a/b")
		wantError(t, "Append beside the successor", err, storage.ErrBusy)
		commit(t, successor)
		wantBlob(t, s, "a/b", "new")
	}},
}

func remove(t *testing.T, s storage.Store, key string) {
	t.Helper()
	if err := s.Delete(t.Context(), key); err != nil {
		t.Fatalf("Delete(%q): %v", key, err)
	}
}
