package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/metadatatest"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilTheEnd(path))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// open opens a database for one test.
func open(t testing.TB) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "metadata.db"))
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

func TestStoreKeepsTheContract(t *testing.T) {
	metadatatest.Run(t, func(t *testing.T) metadata.Store { return open(t).Metadata() })
}
