package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// fillDisk fills the disk that dir lies on, to the last byte.
func fillDisk(t *testing.T, dir string) (fill string) {
	t.Helper()
	fill = filepath.Join(dir, "fill")
	f, err := os.Create(fill)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for block := make([]byte, size); err == nil; {
			_, err = f.Write(block)
		}
		err = nil
	}
	return fill
}

func TestOnAFullDiskAnAssetCanBeDeleted(t *testing.T) {
	dir := smallDisk(t)
	path := filepath.Join(dir, "x.db")
	open := func() metadata.Store {
		t.Helper()
		db, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db.Metadata()
	}
	remove := func(s metadata.Store, a *metadata.Asset) error {
		t.Helper()
		return s.Update(t.Context(), func(tx metadata.Tx) error { return tx.DeleteAsset(t.Context(), a.ID) })
	}
	s := open()
	first, second := big(), big()
	for _, a := range []*metadata.Asset{first, second} {
		if err := insertOne(t, s, a); err != nil {
			t.Fatal(err)
		}
	}
	if !exists(t, path+"-reserve") {
		t.Fatal("there is no reserve")
	}
	fill := fillDisk(t, dir)
	var err error
	for i := 0; i < 1000 && err == nil; i++ { // the log may have room of its own
		err = insertOne(t, s, big())
	}
	if !errors.Is(err, metadata.ErrFull) || !exists(t, path+"-reserve") {
		t.Fatalf("an insertion: %v, want ErrFull; the reserve is there: %t", err, exists(t, path+"-reserve"))
	}
	if err := remove(s, first); err != nil {
		t.Fatalf("a deletion: %v", err)
	}
	if exists(t, path+"-reserve") {
		t.Error("the reserve was not given up")
	}
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	if err := remove(s, second); err != nil || !exists(t, path+"-reserve") {
		t.Errorf("once there is room: %v; the reserve is there: %t", err, exists(t, path+"-reserve"))
	}
}

func TestOnAFullDiskTheDatabaseOpens(t *testing.T) {
	dir := smallDisk(t)
	path := filepath.Join(dir, "x.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	a := big()
	if err := errors.Join(insertOne(t, db.Metadata(), a), db.Close()); err != nil {
		t.Fatal(err)
	}
	fillDisk(t, dir)
	if db, err = Open(path); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Metadata().Update(t.Context(), func(tx metadata.Tx) error { return tx.DeleteAsset(t.Context(), a.ID) })
	if err != nil {
		t.Error(err)
	}
}

func TestWhatMakesNoRoomDoesNotGetTheReserve(t *testing.T) {
	db, path := openFor(t)
	if !exists(t, path+"-reserve") {
		t.Skip("there is no reserve here: needs 16 MiB of free room in a temporary folder, on Linux, macOS or Windows")
	}
	pragma(t, db.writer, "max_page_count = "+pragma(t, db.writer, "page_count"))
	if err := insertOne(t, db.Metadata(), big()); !errors.Is(err, metadata.ErrFull) {
		t.Fatal(err)
	}
	if !exists(t, path+"-reserve") {
		t.Error("it did")
	}
}

func TestAHalfMadeReserveIsMadeAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(path+"-reserve", []byte(strings.Repeat("x", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newReserve(path)
	if r.giveUp() {
		t.Error("100 bytes were given up as a reserve")
	}
	r.keep()
	if info, err := os.Stat(path + "-reserve"); err != nil || info.Size() != reserveSize && r.held {
		t.Errorf("%v, %v", info, err)
	}
	if !newReserve(path).held && r.held {
		t.Error("the next process does not find it")
	}
}
