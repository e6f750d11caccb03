package storagetest

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/storage"
)

// create starts a draft that the test closes at its end.
func create(t *testing.T, s storage.Store, key string) storage.Draft {
	t.Helper()
	d, err := s.Create(t.Context(), key)
	if err != nil {
		t.Fatalf("Create(%q): %v", key, err)
	}
	t.Cleanup(func() { _ = d.Close() }) // most tests have closed it; some have broken it
	return d
}

func appendTo(t *testing.T, s storage.Store, key string) storage.Draft {
	t.Helper()
	d, err := s.Append(t.Context(), key)
	if err != nil {
		t.Fatalf("Append(%q): %v", key, err)
	}
	t.Cleanup(func() { _ = d.Close() }) // as above
	return d
}

func write(t *testing.T, d storage.Draft, text string) {
	t.Helper()
	n, err := io.WriteString(d, text)
	if err != nil || n != len(text) {
		t.Fatalf("Write of %d bytes: %d, %v", len(text), n, err)
	}
}

func commit(t *testing.T, d storage.Draft) {
	t.Helper()
	if err := d.Commit(t.Context()); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

func closeDraft(t *testing.T, d storage.Draft) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// draft leaves a closed draft.
func draft(t *testing.T, s storage.Store, key, text string) {
	t.Helper()
	d := create(t, s, key)
	write(t, d, text)
	closeDraft(t, d)
}

// put commits a blob.
func put(t *testing.T, s storage.Store, key, text string) {
	t.Helper()
	d := create(t, s, key)
	write(t, d, text)
	commit(t, d)
}

func open(t *testing.T, s storage.Store, key string) storage.Blob {
	t.Helper()
	b, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open(%q): %v", key, err)
	}
	t.Cleanup(func() { _ = b.Close() }) // some tests close it themselves
	return b
}

func content(t *testing.T, b storage.Blob) string {
	t.Helper()
	text, err := io.ReadAll(io.NewSectionReader(b, 0, b.Info().Size+1))
	if err != nil {
		t.Fatalf("reading %q: %v", b.Info().Key, err)
	}
	return string(text)
}

func wantBlob(t *testing.T, s storage.Store, key, text string) {
	t.Helper()
	b := open(t, s, key)
	if diff := cmp.Diff(text, content(t, b)); diff != "" {
		t.Errorf("content of %q (-want +got):\n%s", key, diff)
	}
	if info := b.Info(); info.Key != key || info.Size != int64(len(text)) {
		t.Errorf("Info() = %+v, want key %q and %d bytes", info, key, len(text))
	}
}

func wantSize(t *testing.T, d storage.Draft, size int64) {
	t.Helper()
	if d.Size() != size {
		t.Errorf("Size() = %d, want %d", d.Size(), size)
	}
}

// wantNoBlob says that no reader sees the key.
func wantNoBlob(t *testing.T, s storage.Store, key string) {
	t.Helper()
	b, err := s.Open(t.Context(), key)
	if err == nil {
		_ = b.Close() // it should not be there at all
	}
	wantError(t, "Open", err, storage.ErrNotFound)
	_, err = s.Stat(t.Context(), key)
	wantError(t, "Stat", err, storage.ErrNotFound)
	for info := range s.List(t.Context(), key) {
		if info.Key == key {
			t.Errorf("List yields %q", key)
		}
	}
}

func wantError(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", doing, err, want)
	}
}

// keys returns "key size" of each.
func keys(t *testing.T, seq iter.Seq2[storage.Info, error]) []string {
	t.Helper()
	got := []string{}
	for info, err := range seq {
		if err != nil {
			t.Fatalf("listing: %v", err)
		}
		got = append(got, fmt.Sprintf("%s %d", info.Key, info.Size))
	}
	return got
}

func wantKeys(t *testing.T, seq iter.Seq2[storage.Info, error], want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, keys(t, seq)); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
}
