package disk_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/storage/storagetest"
)

// openShared opens a directory as one process of several does: the locks belong to
// open files, so that two Stores keep each other out like two processes.
func openShared(t testing.TB, dir string) *disk.Store {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no two processes share a directory there")
	}
	return open(t, dir, &disk.Options{Shared: true})
}

func TestASharedStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store { return openShared(t, t.TempDir()) })
}

// TestASharedStoreByTurns has each call go to another of three, so that what one of
// them has begun another goes on with.
func TestASharedStoreByTurns(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store {
		dir := t.TempDir()
		return &turns{all: []*disk.Store{openShared(t, dir), openShared(t, dir), openShared(t, dir)}}
	})
}

// turns is one store made of several on one directory.
type turns struct {
	all []*disk.Store
	n   atomic.Int64
}

func (s *turns) next() *disk.Store { return s.all[int(s.n.Add(1))%len(s.all)] }

func (s *turns) Create(ctx context.Context, key string) (storage.Draft, error) {
	return s.next().Create(ctx, key)
}

func (s *turns) Append(ctx context.Context, key string) (storage.Draft, error) {
	return s.next().Append(ctx, key)
}

func (s *turns) Open(ctx context.Context, key string) (storage.Blob, error) {
	return s.next().Open(ctx, key)
}

func (s *turns) OpenFile(ctx context.Context, key string) (*os.File, error) {
	return s.next().OpenFile(ctx, key)
}

func (s *turns) OpenDraft(ctx context.Context, key string) (storage.Blob, error) {
	return s.next().OpenDraft(ctx, key)
}

func (s *turns) Stat(ctx context.Context, key string) (storage.Info, error) {
	return s.next().Stat(ctx, key)
}

func (s *turns) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return s.next().List(ctx, prefix)
}

func (s *turns) Drafts(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return s.next().Drafts(ctx, prefix)
}

func (s *turns) Delete(ctx context.Context, key string) error { return s.next().Delete(ctx, key) }

func TestWhoSharesADirectoryAndWhoHasItAloneKeepEachOtherOut(t *testing.T) {
	dir := t.TempDir()
	first := openShared(t, dir)
	if s, err := disk.Open(dir); !errors.Is(err, disk.ErrInUse) {
		t.Errorf("Open beside one who shares: %v, %v", s, err)
	}
	openShared(t, dir)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err := disk.Open(dir); !errors.Is(err, disk.ErrInUse) {
		t.Errorf("Open beside the other who shares: %v, %v", s, err)
	}

	own := t.TempDir()
	open(t, own, nil)
	if s, err := disk.OpenWith(own, &disk.Options{Shared: true}); !errors.Is(err, disk.ErrInUse) {
		t.Errorf("sharing what somebody has alone: %v, %v", s, err)
	}
}

// TestWhatAnotherProcessHasDeletedIsNotCommitted deletes a draft that is open
// elsewhere, and makes another in its place: that one is not what the first commits.
func TestWhatAnotherProcessHasDeletedIsNotCommitted(t *testing.T) {
	dir := t.TempDir()
	a, b := openShared(t, dir), openShared(t, dir)
	ctx := t.Context()
	first, err := a.Create(ctx, "x/y/z")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if err := b.Delete(ctx, "x/y/z"); err != nil {
		t.Fatal(err)
	}
	second, err := b.Create(ctx, "x/y/z")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, err := first.Write([]byte("first")); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Write: %v", err)
	}
	if err := first.Commit(ctx); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Commit: %v", err)
	}
	if _, err := second.Write([]byte("second")); err != nil {
		t.Fatal(err)
	}
	if err := second.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if info, err := a.Stat(ctx, "x/y/z"); err != nil || info.Size != int64(len("second")) {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestADraftOfAKilledProcessIsFree kills one in the middle of its writing: another
// that shares the directory goes on with its draft at once.
func TestADraftOfAKilledProcessIsFree(t *testing.T) {
	dir := t.TempDir()
	s := openShared(t, dir)
	cmd, out := child(t, "hold", dir)
	if line, err := out.ReadString('\n'); err != nil || line != "held\n" {
		t.Fatal(line, err)
	}
	if _, err := s.Append(t.Context(), "held/by/one"); !errors.Is(err, storage.ErrBusy) {
		t.Errorf("Append beside the one who has it: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed, as was meant
	d, err := s.Append(t.Context(), "held/by/one")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Size() != 4 {
		t.Errorf("%d bytes of 4 are there", d.Size())
	}
}

// holdForever has a draft open until it is killed.
func holdForever(dir string) error {
	s, err := disk.OpenWith(dir, &disk.Options{Shared: true})
	if err != nil {
		return err
	}
	d, err := s.Create(context.Background(), "held/by/one")
	if err != nil {
		return err
	}
	if _, err := d.Write([]byte("held")); err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return err
	}
	fmt.Println("held")
	select {}
}

// TestOneOfManyWhoShareCreates has eight Stores create the same keys, commit them and
// delete them, all at once.
func TestOneOfManyWhoShareCreates(t *testing.T) {
	dir := t.TempDir()
	const stores, keys = 8, 20
	all := make([]*disk.Store, stores)
	for i := range all {
		all[i] = openShared(t, dir)
	}
	var won [keys]atomic.Int64
	var wg sync.WaitGroup
	for i, s := range all {
		wg.Go(func() {
			for k := range keys {
				key := fmt.Sprintf("a/b%d/c", (k+i)%keys)
				d, err := s.Create(context.Background(), key)
				if errors.Is(err, storage.ErrExists) {
					continue
				}
				if err == nil {
					_, err = fmt.Fprintf(d, "%d", i)
				}
				if err == nil {
					err = d.Commit(context.Background())
				}
				if err != nil {
					t.Error(err)
					return
				}
				won[(k+i)%keys].Add(1)
			}
		})
	}
	wg.Wait()
	for k := range won {
		if n := won[k].Load(); n != 1 {
			t.Errorf("%d have created key %d", n, k)
		}
	}
}
