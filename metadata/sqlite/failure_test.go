package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

func openFor(t *testing.T) (*DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, path
}

func big() *metadata.Asset {
	return &metadata.Asset{ID: metadata.NewID(), Owner: "ann", State: metadata.Ready, Description: strings.Repeat("word ", 20_000)}
}

func insertOne(t *testing.T, s metadata.Store, a *metadata.Asset) error {
	t.Helper()
	return s.Update(t.Context(), func(tx metadata.Tx) error { return tx.InsertAsset(t.Context(), a) })
}

func pragma(t *testing.T, db *sql.DB, text string) (value string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "PRAGMA "+text).Scan(&value); err != nil {
		t.Fatalf("PRAGMA %s: %v", text, err)
	}
	return value
}

func TestConnectionsAreSetUpToKeepWhatWasAcknowledged(t *testing.T) {
	db, _ := openFor(t)
	for _, c := range []struct {
		pool       *sql.DB
		text, want string
	}{
		{db.writer, "journal_mode", "wal"},
		{db.writer, "synchronous", "2"},
		{db.writer, "foreign_keys", "1"},
		{db.writer, "query_only", "0"},
		{db.reader, "journal_mode", "wal"},
		{db.reader, "query_only", "1"},
		{db.reader, "busy_timeout", "1000"},
	} {
		if got := pragma(t, c.pool, c.text); got != c.want {
			t.Errorf("PRAGMA %s is %s, want %s", c.text, got, c.want)
		}
	}
}

func TestAFullDiskIsSaidAndSurvived(t *testing.T) {
	db, _ := openFor(t)
	s := db.Metadata()
	kept := big()
	if err := insertOne(t, s, kept); err != nil {
		t.Fatal(err)
	}
	pragma(t, db.writer, "max_page_count = "+pragma(t, db.writer, "page_count")) // not a page more
	lost := big()
	err := insertOne(t, s, lost)
	if !errors.Is(err, metadata.ErrFull) || code(err) == 0 {
		t.Fatalf("Update: %v, want ErrFull with SQLite's error as its cause", err)
	}
	if problem.KindOf(err).Status != 507 {
		t.Errorf("the status is %d, want 507", problem.KindOf(err).Status)
	}
	if _, err := s.Asset(t.Context(), kept.ID); err != nil {
		t.Errorf("what was there: %v", err)
	}
	pragma(t, db.writer, "max_page_count = 1000000")
	if err := insertOne(t, s, lost); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

func TestAReadOnlyDatabaseIsUnavailableForWriting(t *testing.T) {
	db, _ := openFor(t)
	if _, err := db.writer.Exec("PRAGMA query_only = on"); err != nil {
		t.Fatal(err)
	}
	if err := insertOne(t, db.Metadata(), big()); !errors.Is(err, metadata.ErrUnavailable) {
		t.Errorf("Update: %v, want ErrUnavailable", err)
	}
	if err := db.Metadata().Ping(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
}

func TestADamagedDatabaseIsUnavailable(t *testing.T) {
	db, path := openFor(t)
	for range 20 {
		if err := insertOne(t, db.Metadata(), big()); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(4096); at < info.Size(); at += 4096 { // all pages but the first
		if _, err := f.WriteAt([]byte(strings.Repeat("\xa5", 4096)), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	db, err = Open(path)
	if err == nil {
		_, err = db.Metadata().AssetsIn(t.Context(), metadata.Ready, "", 100)
		_ = db.Close()
	}
	if !errors.Is(err, metadata.ErrUnavailable) || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v, want ErrUnavailable that says damaged", err)
	}
}

func TestUpdateWaitsForAnotherProcess(t *testing.T) {
	db, path := openFor(t)
	other, err := sql.Open(driver, dsn(path))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := db.Metadata().Update(ctx, func(metadata.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Update beside a lock: %v, want context.DeadlineExceeded", err)
	}
	done := make(chan error)
	go func() { done <- insertOne(t, db.Metadata(), big()) }()
	time.Sleep(1200 * time.Millisecond) // longer than one try waits: locks are kept in real time
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Update once the lock is gone: %v", err)
	}
}

func TestErrorsOfTheDatabaseKeepTheirCause(t *testing.T) {
	for _, err := range []error{context.Canceled, fmt.Errorf("x: %w", context.DeadlineExceeded), sql.ErrConnDone, errors.New("else")} {
		if got := failed("do", err); !errors.Is(got, err) {
			t.Errorf("%v lost its cause %v", got, err)
		}
	}
	if failed("do", nil) != nil {
		t.Error("no error became one")
	}
}
