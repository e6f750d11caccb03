package postgres_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/metadatatest"
	"github.com/streamgate/streamgate/metadata/postgres"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a database for one test.
func open(t testing.TB, dsn string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, nil)
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

// migrated is a database that has been opened before.
var migrated = pgtest.Template{Fill: func(ctx context.Context, dsn string) error {
	db, err := postgres.Open(ctx, dsn, nil)
	if err != nil {
		return err
	}
	return db.Close()
}}

func TestStoreKeepsTheContract(t *testing.T) {
	metadatatest.Run(t, func(t *testing.T) metadata.Store { return open(t, migrated.Database(t)).Metadata() })
}

// TestTheContractHoldsThroughAPooler runs it without prepared statements, as some
// poolers want it.
func TestTheContractHoldsThroughAPooler(t *testing.T) {
	if testing.Short() {
		t.Skip("the same as the test before, in another form of the protocol")
	}
	metadatatest.Run(t, func(t *testing.T) metadata.Store {
		return open(t, migrated.Database(t)+" default_query_exec_mode=exec").Metadata()
	})
}
