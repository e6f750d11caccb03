package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/internal/testdb"
	"github.com/streamgate/streamgate/jobs/jobstest"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(killEnv); path != "" {
		fmt.Fprintln(os.Stderr, runUntilKilled(path))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB) *sqlite.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	testdb.Put(t, path)
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestQueueKeepsTheContract(t *testing.T) {
	jobstest.Run(t, func(t *testing.T) jobstest.Place {
		db := open(t)
		return jobstest.Place{Jobs: jobsqlite.Database(db), Metadata: db.Metadata()}
	})
}
