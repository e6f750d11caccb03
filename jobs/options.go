package jobs

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/streamgate/streamgate/events"
)

// Options for New. The zero value is ready to use, and so is nil.
type Options struct {
	// Retention is how long jobs are kept that ended; default 24 hours.
	Retention time.Duration

	// Grace is how long Stop lets jobs run before it ends their contexts; default:
	// it ends them at once, negative means as long as the context of Stop lives.
	Grace time.Duration

	// Heartbeat is how often this process tells others that it lives, and Lease
	// after what silence they take its jobs, by the database's clock. They count
	// where several processes work on one database. Defaults 5 and 20 seconds.
	Heartbeat, Lease time.Duration

	// Publish takes what happens to jobs (events.JobChanged), live. It must not
	// block. Default: nobody is told.
	Publish func(events.Event)

	// Ended is told of each attempt that ended here, or on a worker that is gone and
	// from which this one took it over: the job as it is now, and how long it ran, or
	// until that was found. Default: nobody is told.
	Ended func(j *Job, took time.Duration)

	// Logger is told of what nobody else hears of; default slog.Default().
	Logger *slog.Logger
}

// KindOptions for Handle. The zero value is ready to use, and so is nil.
type KindOptions struct {
	// Lane is a name that kinds share which are to run in one order and within one
	// AtOnce, for instance because they need the same CPU; default: the kind itself.
	Lane string

	// AtOnce is how many jobs of the lane run here at the same time; default 1. The
	// kinds of a lane must say the same, or nothing.
	AtOnce int

	// Timeout is how long an attempt may take, after which its context ends;
	// default: no limit.
	Timeout time.Duration

	// Attempts is how often a job is tried before it is failed; default 5.
	Attempts int

	// Backoff is how long to wait after the attempt of that number, from 1, has
	// failed; default: DefaultBackoff.
	Backoff func(attempt int) time.Duration

	// Crashes is how often a job may take its worker with it, as by eating all
	// memory, before it is failed; default 20.
	Crashes int

	// OnFailure names a job that is submitted in the transaction in which one of this
	// kind is failed or cancelled, whoever does that: nobody else sees to what it was
	// for where no handler runs any more. It gets the job as it is then, must not block,
	// and may return nil for none. The process that ends the job asks its own, so all
	// that know the kind should have the same. Default: none.
	OnFailure func(j *Job) *Job
}

const (
	defaultRetention = 24 * time.Hour
	defaultHeartbeat = 5 * time.Second
	defaultLease     = 20 * time.Second
	defaultAttempts  = 5
	defaultCrashes   = 20
)

func (o *Options) defaults() {
	if o.Retention <= 0 {
		o.Retention = defaultRetention
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.Lease <= 0 {
		o.Lease = defaultLease
	}
	if o.Publish == nil {
		o.Publish = func(events.Event) {}
	}
	if o.Ended == nil {
		o.Ended = func(*Job, time.Duration) {}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}

func (o *KindOptions) defaults(kind string) {
	if o.Lane == "" {
		o.Lane = kind
	}
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	if o.Crashes <= 0 {
		o.Crashes = defaultCrashes
	}
	if o.Backoff == nil {
		o.Backoff = DefaultBackoff
	}
}

// The steps of DefaultBackoff.
const (
	firstBackoff = time.Second
	backoffSteps = 5
	maxBackoff   = 10 * time.Minute
)

// DefaultBackoff waits 1 s after the first attempt and four times as long after
// each further one, up to 10 minutes, give or take a tenth, so that what failed
// together does not come back together.
func DefaultBackoff(attempt int) time.Duration {
	d := firstBackoff << (2 * min(max(attempt-1, 0), backoffSteps))
	d = min(d, maxBackoff)
	return d + time.Duration((rand.Float64()-0.5)*float64(d)/5) //nolint:gosec // no secret
}
