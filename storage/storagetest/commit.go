package storagetest

import (
	"testing"
	"time"

	"github.com/streamgate/streamgate/storage"
)

var commitChecks = []check{
	{"a committed draft is a blob", func(t *testing.T, s storage.Store) {
		put(t, s, "a/b", "text")
		wantBlob(t, s, "a/b", "text")
		wantKeys(t, s.List(t.Context(), ""), "a/b 4")
		wantKeys(t, s.Drafts(t.Context(), ""))
	}},
	{"an empty blob is a blob", func(t *testing.T, s storage.Store) {
		put(t, s, "empty", "")
		wantBlob(t, s, "empty", "")
	}},
	{"a commit closes the draft", func(t *testing.T, s storage.Store) {
		d := create(t, s, "a/b")
		write(t, d, "abc")
		commit(t, d)
		wantSpent(t, d)
		wantBlob(t, s, "a/b", "abc")
	}},
	{"a blob is no draft", func(t *testing.T, s storage.Store) {
		put(t, s, "a/b", "text")
		_, err := s.Append(t.Context(), "a/b")
		wantError(t, "Append", err, storage.ErrNotFound)
		_, err = s.Create(t.Context(), "a/b")
		wantError(t, "Create", err, storage.ErrExists)
		wantBlob(t, s, "a/b", "text")
	}},
	{"a draft that was synced and closed can be committed later", func(t *testing.T, s storage.Store) {
		draft(t, s, "a/b", "text")
		commit(t, appendTo(t, s, "a/b"))
		wantBlob(t, s, "a/b", "text")
	}},
	{"a blob says when it was written", func(t *testing.T, s storage.Store) {
		// Clocks of servers and coarse clocks of kernels are allowed their minute.
		before := time.Now().Add(-time.Minute)
		put(t, s, "a/b", "text")
		info, err := s.Stat(t.Context(), "a/b")
		if err != nil {
			t.Fatal(err)
		}
		if info.ModTime.Before(before) || info.ModTime.After(time.Now().Add(time.Minute)) {
			t.Errorf("ModTime = %v, written now", info.ModTime)
		}
	}},
	{"a key that is the beginning of another is kept apart or refused", func(t *testing.T, s storage.Store) {
		put(t, s, "a/b", "below")
		putOrRefused(t, s, "a", "above")
		wantBlob(t, s, "a/b", "below")
	}},
	{"a key below another is kept apart or refused", func(t *testing.T, s storage.Store) {
		put(t, s, "a", "above")
		_, err := s.Open(t.Context(), "a/b")
		wantError(t, "Open", err, storage.ErrNotFound)
		putOrRefused(t, s, "a/b", "below")
		wantBlob(t, s, "a", "above")
	}},
	{"drafts below and above each other are kept apart or refused", func(t *testing.T, s storage.Store) {
		below, above := create(t, s, "a/b"), create(t, s, "c")
		putOrRefused(t, s, "a", "above")
		putOrRefused(t, s, "c/d", "below")
		commitOrRefused(t, s, below, "a/b")
		commitOrRefused(t, s, above, "c")
	}},
}

func commitOrRefused(t *testing.T, s storage.Store, d storage.Draft, key string) {
	t.Helper()
	if err := d.Commit(t.Context()); err != nil {
		wantError(t, "Commit of "+key, err, storage.ErrExists)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		return
	}
	wantBlob(t, s, key, "")
}

func putOrRefused(t *testing.T, s storage.Store, key, text string) {
	t.Helper()
	d, err := s.Create(t.Context(), key)
	if err != nil {
		wantError(t, "Create of "+key, err, storage.ErrExists)
		return
	}
	write(t, d, text)
	commit(t, d)
	wantBlob(t, s, key, text)
}
