package storagetest

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/storage"
)

// Keys in their order. A slash sorts before a letter and behind a dash and a
// dot, which is where a walk over directories goes wrong.
// The last ones are too long for the name of a file.
var ordered = []string{
	"a-b", "a.b", "a/0", "a/b-c", "a/b/c", "a/b/d", "a/c", "a0", "aa", "b/a", "b/b",
	"d/" + x128 + "/" + x128[:64], "d/" + x128 + "/" + x128[:71], "d/" + x128 + "/" + x128[:71] + "-", "d/" + x128 + "/" + x128[:71] + "/" + x128, "d/" + x128 + "/" + x128[:72],
}

var x128 = strings.Repeat("x", 128)

var listChecks = []check{
	{"an empty store lists nothing", func(t *testing.T, s storage.Store) {
		wantKeys(t, s.List(t.Context(), ""))
		wantKeys(t, s.Drafts(t.Context(), ""))
	}},
	{"blobs are listed in the order of their keys", func(t *testing.T, s storage.Store) {
		wantOrder(t, func(key string) { put(t, s, key, "x") }, s.List)
	}},
	{"drafts are listed in the order of their keys", func(t *testing.T, s storage.Store) {
		wantOrder(t, func(key string) { draft(t, s, key, "x") }, s.Drafts)
	}},
	{"blobs and drafts are listed apart", func(t *testing.T, s storage.Store) {
		put(t, s, "a/blob", "12")
		draft(t, s, "a/draft", "123")
		wantKeys(t, s.List(t.Context(), ""), "a/blob 2")
		wantKeys(t, s.Drafts(t.Context(), ""), "a/draft 3")
	}},
	{"drafts are listed with the size they have now", func(t *testing.T, s storage.Store) {
		d := create(t, s, "a/draft")
		wantKeys(t, s.Drafts(t.Context(), ""), "a/draft 0")
		write(t, d, "12345")
		wantKeys(t, s.Drafts(t.Context(), ""), "a/draft 5")
		if err := d.Truncate(2); err != nil {
			t.Fatal(err)
		}
		wantKeys(t, s.Drafts(t.Context(), ""), "a/draft 2")
	}},
	{"a listing can be left early", func(t *testing.T, s storage.Store) {
		put(t, s, "a/a", "")
		put(t, s, "a/b", "")
		for range s.List(t.Context(), "") {
			break
		}
	}},
	{"a listing ends when its context does", func(t *testing.T, s storage.Store) {
		put(t, s, "a/a", "")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range s.List(ctx, "") {
			wantError(t, "List", err, context.Canceled)
			return
		}
		t.Error("no error is yielded")
	}},
}

// wantOrder makes the keys in another order and lists them by several prefixes.
func wantOrder(t *testing.T, add func(key string), list lister) {
	t.Helper()
	for _, key := range slices.Backward(ordered) {
		add(key)
	}
	for _, prefix := range []string{"", "a", "a/", "a/b", "a/b/", "a/b/c", "b", "c", "/", "a//", "..", "../", "a/../b", "A", "\x00"} {
		want := []string{}
		for _, key := range ordered {
			if len(key) >= len(prefix) && key[:len(prefix)] == prefix {
				want = append(want, key+" 1")
			}
		}
		if got := keys(t, list(t.Context(), prefix)); !slices.Equal(got, want) {
			t.Errorf("prefix %q lists %q, want %q", prefix, got, want)
		}
	}
}

type lister = func(ctx context.Context, prefix string) iter.Seq2[storage.Info, error]
