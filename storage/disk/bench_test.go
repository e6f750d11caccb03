package disk_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

// The benchmarks do the same work with bare files in the same run, in turn, and
// report the time as a multiple of theirs ("x-bare").

type race struct{ store, bare time.Duration }

func (r *race) run(b *testing.B, store, bare func() error) {
	b.Helper()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for turn := range 2 {
			do, sum := store, &r.store
			if (i+turn)%2 == 1 { // neither is always the first
				do, sum = bare, &r.bare
			}
			start := time.Now()
			if err := do(); err != nil {
				b.Fatal(err)
			}
			*sum += time.Since(start)
		}
	}
	b.ReportMetric(r.store.Seconds()/r.bare.Seconds(), "x-bare")
	b.ReportMetric(float64(r.store.Microseconds())/float64(b.N), "µs/store")
	b.ReportMetric(0, "ns/op") // both together: of no interest
}

// BenchmarkWriteCommit takes a blob from nothing to durable. Bare is create,
// write, fsync, rename, fsync of both directories.
func BenchmarkWriteCommit(b *testing.B) {
	for _, size := range []int{16 << 10, 8 << 20, 64 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s, dir, n := open(b, b.TempDir(), nil), b.TempDir(), 0
			for _, name := range []string{"drafts", "blobs"} {
				if err := os.Mkdir(filepath.Join(dir, name), 0o750); err != nil {
					b.Fatal(err)
				}
			}
			chunk := make([]byte, min(size, 1<<20))
			new(race).run(b, func() error {
				n++
				key := fmt.Sprintf("v-%d", n)
				return errors.Join(storeBlob(b, s, key, chunk, size), deleted(b, s, key))
			}, func() error { return bareBlob(dir, chunk, size) })
		})
	}
}

func deleted(b *testing.B, s *disk.Store, key string) error {
	b.Helper()
	return s.Delete(b.Context(), key)
}

func storeBlob(b *testing.B, s *disk.Store, key string, chunk []byte, size int) error {
	b.Helper()
	d, err := s.Create(b.Context(), key)
	if err != nil {
		return err
	}
	defer d.Close()
	for d.Size() < int64(size) {
		if _, err := d.Write(chunk); err != nil {
			return err
		}
	}
	return d.Commit(b.Context())
}

func bareBlob(dir string, chunk []byte, size int) error {
	draft, blob := filepath.Join(dir, "drafts", "v"), filepath.Join(dir, "blobs", "v")
	f, err := os.Create(draft)
	if err != nil {
		return err
	}
	defer f.Close()
	for n := 0; n < size; n += len(chunk) {
		if _, err := f.Write(chunk); err != nil {
			return err
		}
	}
	if err := errors.Join(f.Sync(), f.Close(), os.Rename(draft, blob), syncBare(dir, "blobs", "drafts")); err != nil {
		return err
	}
	return errors.Join(os.Remove(blob), syncBare(dir, "blobs", "drafts"))
}

func syncBare(dir string, names ...string) error {
	for _, name := range names {
		d, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := errors.Join(d.Sync(), d.Close()); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkAppend is a chunk of an upload in a request of its own: open, write
// 256 KiB, fsync, close.
func BenchmarkAppend(b *testing.B) {
	s, path, chunk := open(b, b.TempDir(), nil), filepath.Join(b.TempDir(), "f"), make([]byte, 256<<10)
	if d, err := s.Create(b.Context(), "a/b"); err != nil || d.Close() != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	new(race).run(b, func() error {
		d, err := s.Append(b.Context(), "a/b")
		if err != nil {
			return err
		}
		_, err = d.Write(chunk)
		return errors.Join(err, d.Sync(), d.Close())
	}, func() error {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		_, err = f.Write(chunk)
		return errors.Join(err, f.Sync(), f.Close())
	})
}

// BenchmarkReadAt reads 64 KiB at a time from all over a blob of 64 MiB.
func BenchmarkReadAt(b *testing.B) {
	s := open(b, b.TempDir(), nil)
	if err := storeBlob(b, s, "v", make([]byte, 1<<20), 64<<20); err != nil {
		b.Fatal(err)
	}
	blob, err := s.Open(b.Context(), "v")
	if err != nil {
		b.Fatal(err)
	}
	defer blob.Close()
	bare, err := s.OpenFile(b.Context(), "v")
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	p, i := make([]byte, 64<<10), int64(0)
	read := func(r io.ReaderAt) func() error {
		return func() error {
			i += 977
			_, err := r.ReadAt(p, i*4096%(63<<20))
			return err
		}
	}
	new(race).run(b, read(blob), read(bare))
}

// BenchmarkOpenFile opens and closes. Bare is os.Open and Stat by an absolute
// path, which nothing keeps inside a directory.
func BenchmarkOpenFile(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir, nil)
	if err := storeBlob(b, s, "assets/x2/source.mp4", []byte("x"), 1); err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(dir, "blobs", "assets", "x2", "source.mp4")
	var o storage.FileOpener = s
	new(race).run(b, func() error {
		f, err := o.OpenFile(b.Context(), "assets/x2/source.mp4")
		if err != nil {
			return err
		}
		return f.Close()
	}, func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = f.Stat()
		return errors.Join(err, f.Close())
	})
}
