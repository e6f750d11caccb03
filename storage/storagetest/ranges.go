package storagetest

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/storage"
)

var rangeChecks = []check{
	{"a range is the bytes that ReadAt reads", ifRangeReader(func(t *testing.T, r storage.RangeReader) {
		for _, c := range []struct {
			off, n int64
			want   string
		}{{0, 10, "0123456789"}, {3, 4, "3456"}, {9, 1, "9"}, {10, 0, ""}} {
			wantRest(t, openRange(t, r, c.off, c.n), c.want)
		}
	})},
	{"ranges of one blob are read at the same time", ifRangeReader(func(t *testing.T, r storage.RangeReader) {
		var all sync.WaitGroup
		for i := range int64(8) {
			all.Go(func() { wantRest(t, openRange(t, r, i, 2), "0123456789"[i:i+2]) })
		}
		all.Wait()
	})},
	{"a range is closed before its end", ifRangeReader(func(t *testing.T, r storage.RangeReader) {
		one := openRange(t, r, 0, 10)
		if _, err := io.ReadFull(one, make([]byte, 2)); err != nil {
			t.Fatal(err)
		}
		if err := one.Close(); err != nil {
			t.Error(err)
		}
		wantRest(t, openRange(t, r, 8, 2), "89")
	})},
	{"a range is refused when its context has ended", ifRangeReader(func(t *testing.T, r storage.RangeReader) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		one, err := r.ReadRange(ctx, 0, 10)
		if err == nil {
			_, err = io.ReadAll(one)
			_ = one.Close() // it was only read
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
	})},
}

// ifRangeReader opens a blob "0123456789" for a check.
func ifRangeReader(run func(t *testing.T, r storage.RangeReader)) func(*testing.T, storage.Store) {
	return func(t *testing.T, s storage.Store) {
		put(t, s, "a/b", "0123456789")
		b := open(t, s, "a/b")
		r, ok := b.(storage.RangeReader)
		if !ok {
			t.Skipf("%T does not implement storage.RangeReader, which is optional", b)
		}
		run(t, r)
	}
}

func openRange(t *testing.T, r storage.RangeReader, off, n int64) io.ReadCloser {
	t.Helper()
	one, err := r.ReadRange(t.Context(), off, n)
	if err != nil {
		t.Fatalf("ReadRange(%d, %d): %v", off, n, err)
	}
	t.Cleanup(func() { _ = one.Close() }) // only read
	return one
}
