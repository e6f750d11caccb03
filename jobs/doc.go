// Package jobs does work in the background that must not be lost: a [Queue] keeps
// jobs in the database of the metadata, and runs each where a worker is free.
//
//	db, err := sqlite.Open("/srv/video/streamgate.db")   // metadata/sqlite
//	if err != nil {
//		return err
//	}
//	queue, err := jobs.New(jobsqlite.Database(db), nil)  // jobs/sqlite
//	if err != nil {
//		return err
//	}
//	err = queue.Handle("thumbnails", func(ctx context.Context, t *jobs.Task) error {
//		var args struct{ Asset string }
//		if err := t.Decode(&args); err != nil {
//			return err
//		}
//		return makeThumbnails(ctx, args.Asset)
//	}, &jobs.KindOptions{AtOnce: 2})
//
// # With the change that causes it
//
// [Queue.SubmitTx] writes a job in the transaction of the metadata: both are
// there, or neither is. [Task.Done] does the same for the result: what a handler
// publishes, and that its job is done, is one transaction.
//
// # Crashes
//
// A job that runs has a lease and a generation, which rises each time it is
// started. Where one process owns the database (SQLite), what ran when it was
// killed runs again as soon as the next one starts. Where several work on one
// database (Postgres), each tells every few seconds that it lives; what ran on one
// that is silent for [Options.Lease] runs again on another. A worker that has lost
// its lease and does not know it yet (a machine that slept) is refused by
// [Task.Fence] and [Task.Done]: so a result is published once, by the latest. A
// handler may be run more than once all the same, and is written for that.
//
// A job that took its worker with it a number of times is failed, and says so.
//
// # Errors
//
// An error of a handler, or its panic, has the job tried again, later each time,
// until its attempts are used up; [Discard] fails it at once, [Snooze] has it run
// later without an attempt being counted. Jobs that ended are kept for
// [Options.Retention].
package jobs
