package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/jobs/jobstest"
	jobpostgres "github.com/streamgate/streamgate/jobs/postgres"
	"github.com/streamgate/streamgate/metadata/postgres"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(killEnv); dsn != "" {
		fmt.Fprintln(os.Stderr, workUntilKilled(dsn))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// open opens a database for one test, as a process of its own would.
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

// migrated is a database that has been opened before, for jobs, too.
var migrated = pgtest.Template{Fill: func(ctx context.Context, dsn string) error {
	db, err := postgres.Open(ctx, dsn, nil)
	if err != nil {
		return err
	}
	_, err = jobs.New(jobpostgres.Database(db), nil)
	return errors.Join(err, db.Close())
}}

func TestQueueKeepsTheContract(t *testing.T) {
	jobstest.Run(t, func(t *testing.T) jobstest.Place {
		dsn := migrated.Database(t)
		db := open(t, dsn)
		return jobstest.Place{
			Jobs: jobpostgres.Database(db), Metadata: db.Metadata(),
			Another: func(t *testing.T) jobs.Database { return jobpostgres.Database(open(t, dsn)) },
		}
	})
}
