package postgres_test

import (
	"context"
	"os"

	"github.com/streamgate/streamgate/jobs"
	jobpostgres "github.com/streamgate/streamgate/jobs/postgres"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// Jobs in the database of the metadata, for several processes.
func ExampleDatabase() {
	run := func(ctx context.Context) (*jobs.Queue, error) {
		db, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"), nil)
		if err != nil {
			return nil, err
		}
		return jobs.New(jobpostgres.Database(db), nil)
	}
	_ = run
	// Output:
}
