package streamgate_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"

	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
)

// A job of the application's own, written down with the change that causes it.
func ExampleWithJobs() {
	dir, err := os.MkdirTemp("", "video")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx, done := context.Background(), make(chan string)
	gate, err := streamgate.New(dir, streamgate.WithAuthenticator(auth.Everybody("ann")),
		streamgate.WithLogger(slog.New(slog.DiscardHandler)),
		streamgate.WithJobs(func(q *jobs.Queue) error {
			return q.Handle("announce", func(_ context.Context, t *jobs.Task) error {
				var args struct{ Title string }
				if err := t.Decode(&args); err != nil {
					return err
				}
				done <- args.Title
				return nil
			}, &jobs.KindOptions{AtOnce: 2})
		}))
	if err != nil {
		panic(err)
	}
	defer func() { _ = gate.Stop(ctx) }()
	if err := gate.Start(ctx); err != nil {
		panic(err)
	}
	err = gate.Metadata().Update(ctx, func(tx metadata.Tx) error {
		a := &metadata.Asset{ID: metadata.NewID(), Owner: "ann", Title: "Holiday", State: metadata.Uploading}
		if err := tx.InsertAsset(ctx, a); err != nil {
			return err
		}
		job, err := jobs.NewJob("announce", map[string]string{"Title": a.Title})
		if err != nil {
			return err
		}
		_, err = gate.Jobs().SubmitTx(ctx, tx, job)
		return err
	})
	fmt.Println(<-done, err)
	// Output: Holiday <nil>
}

// A Gate whose database the application has opened.
func ExampleWithJobDatabase() {
	run := func(dir string, db *sqlite.DB, app myApp) (*streamgate.Gate, error) {
		return streamgate.New(dir, streamgate.WithMetadata(db.Metadata()),
			streamgate.WithJobDatabase(jobsqlite.Database(db)), streamgate.WithAuthenticator(app.User))
	}
	_ = run
	// Output:
}
