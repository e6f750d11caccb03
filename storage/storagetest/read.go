package storagetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/streamgate/streamgate/storage"
)

var readChecks = []check{
	{"what is not there is not found", func(t *testing.T, s storage.Store) {
		wantNoBlob(t, s, "a/b")
	}},
	{"reads are by offset and end with EOF", func(t *testing.T, s storage.Store) {
		put(t, s, "a/b", "0123456789")
		b := open(t, s, "a/b")
		for _, c := range []struct {
			off  int64
			n    int
			want string
			eof  bool
		}{{0, 4, "0123", false}, {6, 3, "678", false}, {8, 5, "89", true}, {10, 1, "", true}, {99, 1, "", true}} {
			p := make([]byte, c.n)
			n, err := b.ReadAt(p, c.off)
			if string(p[:n]) != c.want || errors.Is(err, io.EOF) != c.eof || err != nil && !c.eof {
				t.Errorf("ReadAt(%d bytes, %d) = %q, %v", c.n, c.off, p[:n], err)
			}
		}
	}},
	{"Stat says what Open says", func(t *testing.T, s storage.Store) {
		put(t, s, "a/b", "text")
		info, err := s.Stat(t.Context(), "a/b")
		if err != nil {
			t.Fatal(err)
		}
		got := open(t, s, "a/b").Info()
		if got.Key != info.Key || got.Size != info.Size || !got.ModTime.Equal(info.ModTime) {
			t.Errorf("Open says %+v, Stat says %+v", got, info)
		}
	}},
	{"64 MiB come back as they were written", bigBlob},
}

const bigSize = 64 << 20

func bigBlob(t *testing.T, s storage.Store) {
	d := create(t, s, "big")
	want := writeNoise(t, d, bigSize)
	wantSize(t, d, bigSize)
	commit(t, d)
	b := open(t, s, "big")
	got := sha256.New()
	if _, err := io.Copy(got, io.NewSectionReader(b, 0, bigSize+1)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want.Sum(nil), got.Sum(nil)) {
		t.Error("the hash is another one")
	}
}

// writeNoise writes in pieces of odd sizes and syncs now and then.
func writeNoise(t *testing.T, d storage.Draft, size int) hash.Hash {
	t.Helper()
	sum := sha256.New()
	noise := rand.NewChaCha8([32]byte{1})
	buf := make([]byte, 1<<20+777)
	for i := 0; size > 0; i++ {
		p := buf[:min(size, len(buf))]
		_, _ = noise.Read(p) // never fails: math/rand/v2
		sum.Write(p)
		if _, err := d.Write(p); err != nil {
			t.Fatal(err)
		}
		size -= len(p)
		if i%16 == 15 {
			if err := d.Sync(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return sum
}
