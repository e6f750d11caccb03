package jobstest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivershared/riverpilot"
	"github.com/riverqueue/river/rivertype"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
)

var leaseTests = []test{
	{"what ran in a process that was killed runs again", runsAgain},
	{"a job that cannot be taken over keeps no other from it", rescuesTheOthers},
	{"what was cancelled in a process that was killed does not", staysCancelled},
	{"what was fetched without this process hearing of it runs", lostAnswer},
	{"what is taken over is told and counted", takenOverAloud},
	{"what ends before Start has returned is tried until it is written down", endsEarly},
	{"who has lost the lease publishes nothing and ends nothing", lostLease},
}

func runsAgain(t *testing.T, p Place) {
	begun, why := make(chan *jobs.Task, 2), make(chan error, 2)
	handle := one("long", untilEnded(begun, why), &jobs.KindOptions{Attempts: 1})
	first := start(t, p.Jobs, jobs.Options{}, handle)
	id := first.submit(jobs.Job{Kind: "long"}).ID
	receive(t, begun, "the job runs")
	abandon(t, p, first, id)
	start(t, p.Jobs, jobs.Options{}, handle)
	if k := receive(t, begun, "the job runs again"); k.Generation != 2 || k.Attempt != 1 {
		t.Errorf("%+v", k.Job)
	}
}

// torn is a database in which one job cannot be read.
type torn struct {
	jobs.Database

	id int64
}

type tornConn struct {
	backend.Conn

	id int64
}

type tornRiver struct {
	riverdriver.Executor

	id int64
}

func (d *torn) Update(ctx context.Context, fn func(c backend.Conn) error) error {
	return d.Database.Update(ctx, func(c backend.Conn) error { return fn(tornConn{c, d.id}) })
}

func (c tornConn) River() riverdriver.Executor { return tornRiver{c.Conn.River(), c.id} }

func (r tornRiver) JobGetByID(ctx context.Context, p *riverdriver.JobGetByIDParams) (*rivertype.JobRow, error) {
	if p.ID == r.id {
		return nil, errTorn
	}
	return r.Executor.JobGetByID(ctx, p)
}

var errTorn = errors.New("the row is damaged")

func rescuesTheOthers(t *testing.T, p Place) {
	begun, why := make(chan *jobs.Task, 4), make(chan error, 4)
	handle := one("long", untilEnded(begun, why), &jobs.KindOptions{AtOnce: 2})
	first := start(t, p.Jobs, jobs.Options{}, handle)
	damaged, whole := first.submit(jobs.Job{Kind: "long"}).ID, first.submit(jobs.Job{Kind: "long"}).ID
	receive(t, begun, "a job runs")
	receive(t, begun, "the other runs")
	abandon(t, p, first, damaged)
	abandon(t, p, first, whole)
	second := queue(t, &torn{p.Jobs, damaged}, jobs.Options{Heartbeat: 100 * time.Millisecond}, handle)
	if err := second.Start(t.Context()); err != nil && !errors.Is(err, errTorn) { // who is alone rescues before it starts
		t.Fatal(err)
	}
	t.Cleanup(second.stop)
	for late := time.Now().Add(patience); second.get(whole).State == jobs.Running && second.get(whole).Generation == 1; {
		if time.Now().After(late) {
			t.Fatal("nobody took it over")
		}
		<-time.After(5 * time.Millisecond)
	}
}

func staysCancelled(t *testing.T, p Place) {
	begun, why := make(chan *jobs.Task, 2), make(chan error, 2)
	handle := one("long", untilEnded(begun, why), nil)
	first := start(t, p.Jobs, jobs.Options{}, handle)
	id := first.submit(jobs.Job{Kind: "long"}).ID
	receive(t, begun, "the job runs")
	abandon(t, p, first, id)
	if j, err := first.Cancel(t.Context(), id); err != nil || j.State != jobs.Running {
		t.Fatalf("%+v, %v", j, err)
	}
	second := start(t, p.Jobs, jobs.Options{}, handle)
	second.becomes(id, jobs.Cancelled)
}

func lostLease(t *testing.T, p Place) {
	begun, goOn, said := make(chan *jobs.Task, 1), make(chan struct{}), make(chan [2]error, 1)
	h := start(t, p.Jobs, jobs.Options{}, one("publish", func(ctx context.Context, k *jobs.Task) error {
		begun <- k
		<-goOn
		ctx = context.WithoutCancel(ctx)
		said <- [2]error{
			p.Metadata.Update(ctx, func(tx metadata.Tx) error { return k.Fence(ctx, tx) }),
			p.Metadata.Update(ctx, func(tx metadata.Tx) error { return k.Done(ctx, tx) }),
		}
		return nil
	}, nil))
	id := h.submit(jobs.Job{Kind: "publish"}).ID
	receive(t, begun, "the job runs")
	change(t, p, `UPDATE jobs SET generation = 7, node = 'another' WHERE id = ?`, id)
	close(goOn)
	for _, err := range receive(t, said, "its end") {
		if !errors.Is(err, jobs.ErrLeaseLost) {
			t.Errorf("it was let through: %v", err)
		}
	}
	h.stop()
	if j := h.get(id); j.State != jobs.Running || j.Generation != 7 {
		t.Errorf("it is another's, and became %+v", j)
	}
}

// deaf is a database whose answers do not always arrive.
type deaf struct {
	jobs.Database

	lose atomic.Bool // the answer to the next fetch
}

func (d *deaf) Update(ctx context.Context, fn func(c backend.Conn) error) error {
	fetched := 0
	err := d.Database.Update(ctx, func(c backend.Conn) error {
		if err := fn(c); err != nil {
			return err
		}
		return c.Query(ctx, func(r backend.Row) error { return r.Scan(&fetched) }, `SELECT COUNT(*) FROM jobs WHERE node <> ''`)
	})
	if err == nil && fetched > 0 && d.lose.CompareAndSwap(true, false) {
		return errCut
	}
	return err
}

func lostAnswer(t *testing.T, p Place) {
	db := &deaf{Database: p.Jobs}
	db.lose.Store(true)
	ran := make(chan *jobs.Task, 1)
	h := start(t, db, jobs.Options{Heartbeat: 100 * time.Millisecond, Lease: time.Minute}, one("noop", func(_ context.Context, k *jobs.Task) error {
		ran <- k
		return nil
	}, &jobs.KindOptions{Crashes: 1}))
	id := h.submit(jobs.Job{Kind: "noop"}).ID
	if k := receive(t, ran, "the job runs"); k.Generation != 2 || db.lose.Load() {
		t.Errorf("%+v", k.Job)
	}
	h.reaches(id, jobs.Done)
}

func takenOverAloud(t *testing.T, p Place) {
	begun, why := make(chan *jobs.Task, 2), make(chan error, 2)
	handle := one("long", untilEnded(begun, why), &jobs.KindOptions{Crashes: 1})
	first := start(t, p.Jobs, jobs.Options{}, handle)
	id := first.submit(jobs.Job{Kind: "long", Owner: "ann"}).ID
	receive(t, begun, "the job runs")
	abandon(t, p, first, id)
	ended := make(chan *jobs.Job, 1)
	second := start(t, p.Jobs, jobs.Options{Ended: func(j *jobs.Job, _ time.Duration) { ended <- j }}, handle)
	if j := receive(t, ended, "that it ended"); j.ID != id || j.State != jobs.Failed {
		t.Errorf("%+v", j)
	}
	second.hears("it failed", func(e events.Event) bool {
		if _, told := e.Data["error"]; told {
			t.Error("its owner is told what is the server's own")
		}
		return e.Owner == "ann" && e.Data["state"] == string(jobs.Failed)
	})
}

// hasty is a database whose first result is refused while Start has not returned.
type hasty struct {
	jobs.Database

	ran     atomic.Bool
	once    sync.Once
	refused chan struct{}
}

type hastyClient struct {
	backend.Client

	db *hasty
}

func (c hastyClient) Start(ctx context.Context) error {
	err := c.Client.Start(ctx)
	select {
	case <-c.db.refused:
		<-time.After(50 * time.Millisecond)
	case <-ctx.Done():
	}
	return err
}

func (d *hasty) Client(p riverpilot.Pilot, c *river.Config) (backend.Client, error) {
	client, err := d.Database.Client(p, c)
	return hastyClient{client, d}, err
}

func (d *hasty) Update(ctx context.Context, fn func(c backend.Conn) error) (err error) {
	if d.ran.Load() {
		d.once.Do(func() { err = errCut; close(d.refused) })
	}
	if err != nil {
		return err
	}
	return d.Database.Update(ctx, fn)
}

func endsEarly(t *testing.T, p Place) {
	db := &hasty{Database: p.Jobs, refused: make(chan struct{})}
	h := queue(t, db, jobs.Options{}, one("noop", func(context.Context, *jobs.Task) error {
		db.ran.Store(true)
		return nil
	}, nil))
	id := h.submit(jobs.Job{Kind: "noop"}).ID
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.stop)
	h.reaches(id, jobs.Done)
}
