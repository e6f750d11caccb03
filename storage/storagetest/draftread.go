package storagetest

import (
	"testing"

	"github.com/streamgate/streamgate/storage"
)

var draftReadChecks = []check{
	{"a draft is read while it is written", ifDraftReader(func(t *testing.T, s storage.Store, r storage.DraftReader) {
		d := create(t, s, "a/b")
		write(t, d, "one ")
		syncDraft(t, d)
		b := openDraft(t, r, "a/b")
		if got := b.Info(); got.Key != "a/b" || got.Size != 4 {
			t.Errorf("Info: %+v", got)
		}
		wantAt(t, b, 0, "one ")
		write(t, d, "two")
		syncDraft(t, d)
		wantAt(t, b, 2, "e two")
		wantNoBlob(t, s, "a/b")
	})},
	{"a draft that nobody writes is read", ifDraftReader(func(t *testing.T, s storage.Store, r storage.DraftReader) {
		draft(t, s, "a/b", "text")
		wantAt(t, openDraft(t, r, "a/b"), 0, "text")
	})},
	{"an opened draft reads on once it is a blob, and once that is deleted", ifDraftReader(func(t *testing.T, s storage.Store, r storage.DraftReader) {
		d := create(t, s, "a/b")
		write(t, d, "text")
		syncDraft(t, d)
		b := openDraft(t, r, "a/b")
		commit(t, d)
		wantAt(t, b, 0, "text")
		remove(t, s, "a/b")
		wantAt(t, b, 0, "text")
	})},
	{"a draft that is read can be deleted", ifDraftReader(func(t *testing.T, s storage.Store, r storage.DraftReader) {
		draft(t, s, "a/b", "text")
		b := openDraft(t, r, "a/b")
		remove(t, s, "a/b")
		wantAt(t, b, 0, "text")
		_, err := r.OpenDraft(t.Context(), "a/b")
		wantError(t, "OpenDraft", err, storage.ErrNotFound)
	})},
	{"only drafts open as drafts", ifDraftReader(func(t *testing.T, s storage.Store, r storage.DraftReader) {
		put(t, s, "a/b", "text")
		for _, key := range []string{"a/b", "a", "c"} {
			_, err := r.OpenDraft(t.Context(), key)
			wantError(t, "OpenDraft of "+key, err, storage.ErrNotFound)
		}
		_, err := r.OpenDraft(t.Context(), "../a")
		wantError(t, "OpenDraft of ../a", err, storage.ErrInvalidKey)
	})},
}

func ifDraftReader(run func(t *testing.T, s storage.Store, r storage.DraftReader)) func(*testing.T, storage.Store) {
	return func(t *testing.T, s storage.Store) {
		r, ok := s.(storage.DraftReader)
		if !ok {
			t.Skipf("%T does not implement storage.DraftReader, which is optional", s)
		}
		run(t, s, r)
	}
}

func openDraft(t *testing.T, r storage.DraftReader, key string) storage.Blob {
	t.Helper()
	b, err := r.OpenDraft(t.Context(), key)
	if err != nil {
		t.Fatalf("OpenDraft(%q): %v", key, err)
	}
	t.Cleanup(func() { _ = b.Close() }) // only read
	return b
}

func syncDraft(t *testing.T, d storage.Draft) {
	t.Helper()
	if err := d.Sync(); err != nil {
		t.Fatalf("Sync: %v", err)
	}
}

func wantAt(t *testing.T, b storage.Blob, off int64, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := b.ReadAt(got, off); n < len(got) || string(got) != want {
		t.Errorf("reads %q at %d, %v, want %q", got[:n], off, err, want)
	}
}
