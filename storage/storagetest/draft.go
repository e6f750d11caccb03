package storagetest

import (
	"io/fs"
	"testing"

	"github.com/streamgate/streamgate/storage"
)

var draftChecks = []check{
	{"a draft is seen by no reader", func(t *testing.T, s storage.Store) {
		d := create(t, s, "a/b")
		write(t, d, "half")
		if err := d.Sync(); err != nil {
			t.Fatal(err)
		}
		wantNoBlob(t, s, "a/b")
		closeDraft(t, d)
		wantNoBlob(t, s, "a/b")
	}},
	{"a draft has one writer", func(t *testing.T, s storage.Store) {
		create(t, s, "a/b")
		_, err := s.Append(t.Context(), "a/b")
		wantError(t, "Append", err, storage.ErrBusy)
	}},
	{"an appended draft has one writer", func(t *testing.T, s storage.Store) {
		draft(t, s, "a/b", "x")
		appendTo(t, s, "a/b")
		_, err := s.Append(t.Context(), "a/b")
		wantError(t, "Append", err, storage.ErrBusy)
	}},
	{"a key is created once, while the draft is open and after", func(t *testing.T, s storage.Store) {
		d := create(t, s, "a/b")
		_, err := s.Create(t.Context(), "a/b")
		wantError(t, "Create beside an open draft", err, storage.ErrExists)
		closeDraft(t, d)
		_, err = s.Create(t.Context(), "a/b")
		wantError(t, "Create over a closed draft", err, storage.ErrExists)
	}},
	{"a draft goes on where it ended", func(t *testing.T, s storage.Store) {
		draft(t, s, "a/b", "one ")
		d := appendTo(t, s, "a/b")
		wantSize(t, d, 4)
		write(t, d, "two ")
		closeDraft(t, d)
		d = appendTo(t, s, "a/b")
		wantSize(t, d, 8)
		write(t, d, "three")
		commit(t, d)
		wantBlob(t, s, "a/b", "one two three")
	}},
	{"what was never created cannot be appended to", func(t *testing.T, s storage.Store) {
		_, err := s.Append(t.Context(), "a/b")
		wantError(t, "Append", err, storage.ErrNotFound)
	}},
	{"size counts what was written, synced or not", func(t *testing.T, s storage.Store) {
		d := create(t, s, "a/b")
		wantSize(t, d, 0)
		write(t, d, "12345")
		wantSize(t, d, 5)
		if err := d.Sync(); err != nil {
			t.Fatal(err)
		}
		write(t, d, "")
		wantSize(t, d, 5)
		write(t, d, "678")
		wantSize(t, d, 8)
	}},
	{"truncating drops the end, and writing goes on there", func(t *testing.T, s storage.Store) {
		d := create(t, s, "a/b")
		write(t, d, "keep this, not that")
		if err := d.Truncate(9); err != nil {
			t.Fatal(err)
		}
		wantSize(t, d, 9)
		write(t, d, "!")
		commit(t, d)
		wantBlob(t, s, "a/b", "keep this!")
	}},
	{"truncating reaches back before the last sync and over an Append", func(t *testing.T, s storage.Store) {
		draft(t, s, "a/b", "0123456789")
		d := appendTo(t, s, "a/b")
		if err := d.Truncate(3); err != nil {
			t.Fatal(err)
		}
		closeDraft(t, d)
		d = appendTo(t, s, "a/b")
		wantSize(t, d, 3)
		commit(t, d)
		wantBlob(t, s, "a/b", "012")
	}},
	{"a draft cannot be truncated to more than it has", func(t *testing.T, s storage.Store) {
		d := create(t, s, "a/b")
		write(t, d, "abc")
		for _, size := range []int64{4, -1} {
			if d.Truncate(size) == nil {
				t.Errorf("Truncate(%d) of 3 bytes succeeds", size)
			}
		}
		wantSize(t, d, 3)
		commit(t, d)
		wantBlob(t, s, "a/b", "abc")
	}},
	{"a closed draft does nothing more", func(t *testing.T, s storage.Store) {
		d := create(t, s, "a/b")
		write(t, d, "abc")
		closeDraft(t, d)
		wantSpent(t, d)
		wantNoBlob(t, s, "a/b")
		wantKeys(t, s.Drafts(t.Context(), ""), "a/b 3")
	}},
}

// wantSpent says that a draft is of no further use, and that closing it again
// is no error.
func wantSpent(t *testing.T, d storage.Draft) {
	t.Helper()
	_, err := d.Write([]byte("x"))
	wantError(t, "Write", err, fs.ErrClosed)
	wantError(t, "Truncate", d.Truncate(0), fs.ErrClosed)
	wantError(t, "Sync", d.Sync(), fs.ErrClosed)
	wantError(t, "Commit", d.Commit(t.Context()), fs.ErrClosed)
	if err := d.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}
