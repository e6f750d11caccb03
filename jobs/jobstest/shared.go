package jobstest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
)

var sharedTests = []test{
	{"what one submits another runs, at once", runsElsewhere},
	{"what runs elsewhere is cancelled within a second", cancelsElsewhere},
	{"who is cut off from the database loses its jobs to another, and publishes nothing", cutOff},
	{"a time of a schedule has one job, however many processes have it", oneBySchedule},
	{"a pause holds everywhere", pausesElsewhere},
}

// two opens the database as two processes.
func two(t *testing.T, p Place) (a, b jobs.Database) {
	t.Helper()
	if p.Another == nil {
		t.Skip("one process owns this database")
	}
	return p.Jobs, p.Another(t)
}

func runsElsewhere(t *testing.T, p Place) {
	here, there := two(t, p)
	web := start(t, here, jobs.Options{}, one("noop", nil, nil))
	start(t, there, jobs.Options{}, one("noop", func(context.Context, *jobs.Task) error { return nil }, nil))
	begin := time.Now()
	web.becomes(web.submit(jobs.Job{Kind: "noop"}).ID, jobs.Done)
	if took := time.Since(begin); took > 3*time.Second { // polling would be five
		t.Errorf("it took %v", took)
	}
}

func cancelsElsewhere(t *testing.T, p Place) {
	here, there := two(t, p)
	begun, why := make(chan *jobs.Task, 1), make(chan error, 1)
	web := start(t, here, jobs.Options{}, one("long", nil, nil))
	start(t, there, jobs.Options{}, one("long", untilEnded(begun, why), nil))
	id := web.submit(jobs.Job{Kind: "long"}).ID
	receive(t, begun, "the job runs")
	asked := time.Now()
	if _, err := web.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, why, "its end"); !errors.Is(err, jobs.ErrCancelled) {
		t.Errorf("it ended for %v", err)
	}
	if took := time.Since(asked); took > time.Second {
		t.Errorf("it took %v", took)
	}
	web.becomes(id, jobs.Cancelled)
}

// cuttable is a database that does not answer for a while.
type cuttable struct {
	jobs.Database

	cut atomic.Bool
}

var errCut = errors.New("the network is down")

func (c *cuttable) Update(ctx context.Context, fn func(c backend.Conn) error) error {
	if c.cut.Load() {
		return errCut
	}
	return c.Database.Update(ctx, fn)
}

func cutOff(t *testing.T, p Place) {
	here, there := two(t, p)
	weak := &cuttable{Database: here}
	o := jobs.Options{Heartbeat: 200 * time.Millisecond, Lease: time.Second}
	begun, why, fenced := make(chan *jobs.Task, 1), make(chan error, 1), make(chan error, 1)
	first := start(t, weak, o, one("publish", func(ctx context.Context, k *jobs.Task) error {
		begun <- k
		<-ctx.Done()
		why <- context.Cause(ctx)
		ctx = context.WithoutCancel(ctx)
		for <-begun; weak.cut.Load(); { // until it runs elsewhere
			weak.cut.Store(false)
		}
		fenced <- p.Metadata.Update(ctx, func(tx metadata.Tx) error { return k.Done(ctx, tx) })
		return nil
	}, nil))
	id := first.submit(jobs.Job{Kind: "publish"}).ID
	receive(t, begun, "the job runs")
	weak.cut.Store(true)
	goOn := make(chan struct{})
	second := start(t, there, o, one("publish", func(ctx context.Context, k *jobs.Task) error {
		begun <- k
		select {
		case <-goOn:
		case <-ctx.Done():
			t.Errorf("the other was ended for %v", context.Cause(ctx))
		}
		return p.Metadata.Update(ctx, func(tx metadata.Tx) error { return k.Done(ctx, tx) })
	}, nil))
	if err := receive(t, why, "its end"); !errors.Is(err, jobs.ErrLeaseLost) {
		t.Errorf("it ended for %v", err)
	}
	if err := receive(t, fenced, "the fence"); !errors.Is(err, jobs.ErrLeaseLost) {
		t.Errorf("it was let through: %v", err)
	}
	close(goOn)
	if j := second.reaches(id, jobs.Done); j.Generation != 2 {
		t.Errorf("%+v", j)
	}
}

func oneBySchedule(t *testing.T, p Place) {
	here, there := two(t, p)
	ran := make(chan jobs.Job, 100)
	handle := func(q *jobs.Queue) error {
		return errors.Join(
			q.Handle("tidy", func(_ context.Context, k *jobs.Task) error {
				ran <- k.Job
				return nil
			}, nil),
			q.Schedule("often", "@every 1s", jobs.Job{Kind: "tidy"}),
		)
	}
	start(t, here, jobs.Options{}, handle)
	start(t, there, jobs.Options{}, handle)
	seen := map[string]bool{}
	for range 4 {
		j := receive(t, ran, "a job")
		if seen[j.Unique] {
			t.Errorf("%q came twice", j.Unique)
		}
		seen[j.Unique] = true
	}
}

func pausesElsewhere(t *testing.T, p Place) {
	here, there := two(t, p)
	ran := make(chan int64, 1)
	web := start(t, here, jobs.Options{}, one("noop", nil, nil))
	start(t, there, jobs.Options{}, one("noop", func(_ context.Context, k *jobs.Task) error {
		ran <- k.ID
		return nil
	}, nil))
	if err := web.Pause(t.Context(), "noop"); err != nil {
		t.Fatal(err)
	}
	<-time.After(200 * time.Millisecond) // nobody tells when it has arrived
	web.submit(jobs.Job{Kind: "noop"})
	select {
	case <-ran:
		t.Error("it ran in the pause")
	case <-time.After(300 * time.Millisecond):
	}
	if err := web.Resume(t.Context(), "noop"); err != nil {
		t.Fatal(err)
	}
	receive(t, ran, "the job runs")
}
