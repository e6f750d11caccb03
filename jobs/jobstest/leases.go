package jobstest

import (
	"context"
	"errors"
	"testing"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

var leaseTests = []test{
	{"what ran in a process that was killed runs again", runsAgain},
	{"what was cancelled in a process that was killed does not", staysCancelled},
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
