// Package testdb gives tests a SQLite database that has its tables already: to make
// them takes longer than most of what a test then does.
package testdb

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/jobs"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// made is an empty database, with the tables of the metadata and of the jobs.
var made = sync.OnceValues(create)

// Put writes an empty database to path, for sqlite.Open to open. What is there already
// stays, and where there is no folder for it nothing is written.
func Put(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return
	}
	content, err := made()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func create() ([]byte, error) {
	dir, err := os.MkdirTemp("", "testdb")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // of no use to anybody, and not in the way
	path := filepath.Join(dir, "db")
	db, err := sqlite.Open(path)
	if err != nil {
		return nil, err
	}
	_, err = jobs.New(jobsqlite.Database(db), nil)
	if err := errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
