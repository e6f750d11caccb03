package streamgate_test

import (
	"context"
	"os"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// A Gate whose metadata lies in PostgreSQL.
func ExampleWithMetadata() {
	run := func(ctx context.Context, dir string, app myApp) error {
		db, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"), nil)
		if err != nil {
			return err
		}
		gate, err := streamgate.New(dir, streamgate.WithMetadata(db.Metadata()),
			streamgate.WithAuthenticator(app.User))
		if err != nil {
			return err
		}
		defer db.Close() // after the Gate
		return gate.Stop(ctx)
	}
	_ = run
	// Output:
}
