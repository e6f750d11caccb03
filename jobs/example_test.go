package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/streamgate/streamgate/jobs"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// open opens a database in a folder that goes with the example.
func open() (db *sqlite.DB, end func()) {
	dir, err := os.MkdirTemp("", "video")
	if err != nil {
		log.Fatal(err)
	}
	if db, err = sqlite.Open(filepath.Join(dir, "streamgate.db")); err != nil {
		log.Fatal(err)
	}
	return db, func() { _, _ = db.Close(), os.RemoveAll(dir) }
}

// A job whose result is there exactly when it is done.
func Example() {
	db, end := open()
	defer end()
	queue, err := jobs.New(jobsqlite.Database(db), nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx, done := context.Background(), make(chan struct{})
	err = queue.Handle("import", func(ctx context.Context, t *jobs.Task) error {
		var args struct{ Title string }
		if err := t.Decode(&args); err != nil {
			return err
		}
		defer close(done)
		return db.Metadata().Update(ctx, func(tx metadata.Tx) error {
			a := &metadata.Asset{ID: metadata.NewID(), Title: args.Title, State: metadata.Ready}
			if err := tx.InsertAsset(ctx, a); err != nil {
				return err
			}
			return t.Done(ctx, tx)
		})
	}, &jobs.KindOptions{AtOnce: 2, Timeout: time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	if err := queue.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer func() { _ = queue.Stop(ctx) }()

	job, err := jobs.NewJob("import", map[string]string{"Title": "Holiday"})
	if err != nil {
		log.Fatal(err)
	}
	job.Priority = jobs.Urgent
	if _, err := queue.Submit(ctx, job); err != nil {
		log.Fatal(err)
	}
	<-done
	page, err := db.Metadata().Search(ctx, metadata.Query{Text: "holiday"})
	fmt.Println(len(page.Assets), err)
	// Output: 1 <nil>
}

func ExampleQueue_Schedule() {
	db, end := open()
	defer end()
	queue, err := jobs.New(jobsqlite.Database(db), nil)
	if err != nil {
		log.Fatal(err)
	}
	err = errors.Join(
		queue.Handle("tidy", func(context.Context, *jobs.Task) error { return nil }, nil),
		queue.Schedule("tidy at night", "30 3 * * *", jobs.Job{Kind: "tidy"}),
	)
	fmt.Println(err)
	// Output: <nil>
}

func ExampleNewHandler() {
	db, end := open()
	defer end()
	queue, err := jobs.New(jobsqlite.Database(db), nil)
	if err != nil {
		log.Fatal(err)
	}
	h, err := jobs.NewHandler(queue, nil)
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/v1/jobs/", http.StripPrefix("/v1/jobs", h)) // behind the application's own check
	fmt.Println(err)
	// Output: <nil>
}
