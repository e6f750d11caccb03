package streamgate

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/jobs"
)

// WithJobs registers kinds of jobs of the application's own, and schedules: f is
// called with the Gate's queue before it is started, and may keep it to submit jobs
// with. The option may be given more than once. Default: none.
func WithJobs(f func(q *jobs.Queue) error) Option {
	return func(o *options) { o.jobs = append(o.jobs, f) }
}

// WithJobDatabase keeps jobs in db, which has to be in the database of WithMetadata
// if jobs are to be submitted in its transactions: of the package jobs/postgres, for
// several processes. Default: the database that the Gate opens by itself; with
// WithMetadata alone there is no queue.
func WithJobDatabase(db jobs.Database) Option {
	return func(o *options) { o.jobDatabase = db }
}

// WithJobOptions lets f change how jobs are run, as the Gate has set it. The option
// may be given more than once. Default: the defaults of jobs.Options.
func WithJobOptions(f func(o *jobs.Options)) Option {
	return func(o *options) { o.jobOptions = append(o.jobOptions, f) }
}

// Jobs runs work in the background; nil where there is no database for it, see
// WithJobDatabase.
func (g *Gate) Jobs() *jobs.Queue { return g.jobs }

// openJobs makes the queue, where there is a database for it.
func (g *Gate) openJobs() (err error) {
	if g.jobDatabase == nil {
		if len(g.o.jobs) > 0 {
			return fmt.Errorf("streamgate: WithJobs needs WithJobDatabase beside WithMetadata")
		}
		return nil
	}
	o := &jobs.Options{Publish: g.dispatcher.Publish, Logger: g.o.logger, Ended: g.jobEnded}
	for _, change := range g.o.jobOptions {
		change(o)
	}
	g.jobs, err = jobs.New(g.jobDatabase, o)
	if err != nil {
		return fmt.Errorf("streamgate: %w", err)
	}
	for _, register := range g.o.jobs {
		if err := register(g.jobs); err != nil {
			return fmt.Errorf("streamgate: WithJobs: %w", err)
		}
	}
	return nil
}

func (g *Gate) jobEnded(j *jobs.Job, took time.Duration) {
	g.counts.JobAttempts.With(j.Kind, string(j.State)).Inc()
	g.counts.JobDuration.With(j.Kind).Observe(took.Seconds())
}

// countJobs has the jobs that have not ended counted at each scrape: by one question
// for all series. It comes once all kinds are registered.
func (g *Gate) countJobs() error {
	if g.jobs == nil {
		return nil
	}
	var mu sync.Mutex
	var sizes map[string]map[jobs.State]int
	var asked time.Time
	size := func(kind string, s jobs.State) float64 {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(asked) > cachedReadyFor {
			ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
			defer cancel()
			got, err := g.jobs.Sizes(ctx)
			if err != nil {
				g.o.logger.WarnContext(ctx, "jobs could not be counted", "error", err)
			}
			sizes, asked = got, time.Now()
		}
		return float64(sizes[kind][s])
	}
	for _, kind := range g.jobs.Kinds() {
		for _, s := range []jobs.State{jobs.Scheduled, jobs.Waiting, jobs.Running, jobs.Retrying} {
			if err := g.counts.Jobs(func() float64 { return size(kind, s) }, kind, string(s)); err != nil {
				return fmt.Errorf("streamgate: counting jobs: %w", err)
			}
		}
	}
	return nil
}

// jobRoutes shows jobs to operators.
func (g *Gate) jobRoutes() ([]route, error) {
	if g.jobs == nil {
		return nil, nil
	}
	everybody := auth.AuthorizerFunc(func(context.Context, auth.Principal, auth.Action, auth.Object) error { return nil })
	h, err := jobs.NewHandler(g.jobs, &jobs.HandlerOptions{
		Authorizer: everybody, Recorder: g.recorder(), CrossOrigin: g.crossOrigin, // who reaches the admin plane may use it
	})
	if err != nil {
		return nil, fmt.Errorf("streamgate: jobs: %w", err)
	}
	return []route{{path: "/v1/jobs", service: "worker", open: true, handler: h, endpoints: []endpoint{
		{pattern: ""}, {pattern: "/{id}"}, {pattern: "/{id}/retry"},
	}}}, nil
}

func (g *Gate) startJobs(ctx context.Context) error {
	if g.jobs == nil {
		return nil
	}
	if err := g.jobs.Start(ctx); err != nil {
		return err
	}
	g.recoverTranscodes(ctx)
	return nil
}

func (g *Gate) stopJobs(ctx context.Context) error {
	if g.jobs == nil {
		return nil
	}
	return g.jobs.Stop(ctx)
}
