package storagetest

import (
	"context"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/storage"
)

// HostileKeys are keys that no store takes.
var HostileKeys = []string{
	"", "/", ".", "..", "../a", "a/..", "a/../../b", "a/./b", "/a", "a/", "a//b", "//a",
	`..\a`, `a\b`, `c:\a`, "c:a", "c:/a", "a\x00", "a\x00/b", "\x00", "a\n", "a b", " a", "a ",
	"%2e%2e/a", "a%2fb", ".hidden", "a/.b", "a.", "a./b", "A", "ä", "a\u202eb", "\xff", "~", "a~import",
	"nul", "con.mp4", "a/com1", "a/lpt9.txt", "a*", "a?b", "a|b", "a:stream", `"a"`, "<a>", "$a", "`a`",
	strings.Repeat("a", storage.MaxElementLen+1),
	strings.Repeat("a/", storage.MaxKeyElements) + "a",
	strings.Repeat(strings.Repeat("a", storage.MaxElementLen)+"/", 4) + "a",
}

var refusalChecks = []check{
	{"hostile keys are refused by every method", func(t *testing.T, s storage.Store) {
		for _, key := range HostileKeys {
			for doing, err := range tryAll(t.Context(), s, key) {
				if wantError(t, doing, err, storage.ErrInvalidKey); t.Failed() {
					t.Fatalf("for the key %q", key)
				}
			}
		}
		wantKeys(t, s.List(t.Context(), ""))
		wantKeys(t, s.Drafts(t.Context(), ""))
	}},
	{"the longest key is a key", func(t *testing.T, s storage.Store) {
		element := strings.Repeat("a", storage.MaxElementLen-1)
		key := strings.Join([]string{element, element, element, element}, "/") + "z"
		if len(key) != storage.MaxKeyLen {
			t.Fatalf("the test's key has %d bytes", len(key))
		}
		put(t, s, key, "x")
		wantBlob(t, s, key, "x")
	}},
	{"the deepest key is a key", func(t *testing.T, s storage.Store) {
		key := strings.Repeat("a/", storage.MaxKeyElements-1) + "a"
		put(t, s, key, "x")
		wantBlob(t, s, key, "x")
	}},
	{"a context that has ended refuses the work", func(t *testing.T, s storage.Store) {
		put(t, s, "a/b", "x")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for doing, err := range tryAll(ctx, s, "a/b") {
			wantError(t, doing, err, context.Canceled)
		}
		wantBlob(t, s, "a/b", "x")
	}},
	{"a commit with a context that has ended leaves the draft as it is", func(t *testing.T, s storage.Store) {
		d := create(t, s, "a/b")
		write(t, d, "abc")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantError(t, "Commit", d.Commit(ctx), context.Canceled)
		wantNoBlob(t, s, "a/b")
		write(t, d, "def")
		commit(t, d)
		wantBlob(t, s, "a/b", "abcdef")
	}},
}

// tryAll calls every method that takes a key and returns what each says.
func tryAll(ctx context.Context, s storage.Store, key string) map[string]error {
	errs := make(map[string]error)
	_, errs["Create"] = s.Create(ctx, key)
	_, errs["Append"] = s.Append(ctx, key)
	_, errs["Open"] = s.Open(ctx, key)
	_, errs["Stat"] = s.Stat(ctx, key)
	errs["Delete"] = s.Delete(ctx, key)
	if o, ok := s.(storage.FileOpener); ok {
		_, errs["OpenFile"] = o.OpenFile(ctx, key)
	}
	if i, ok := s.(storage.Importer); ok {
		_, errs["Import"] = i.Import(ctx, key, "/nowhere")
	}
	return errs
}
