package jobstest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

var transactionTests = []test{
	{"a job comes with the change that caused it, and runs at once", comesWithChange},
	{"a transaction that is undone leaves no job", undoneLeavesNone},
	{"a transaction behind wrappers is found, and another's is refused", wrapped},
	{"a result is there if its job is done, and the other way round", doneWithResult},
	{"a job is cancelled with the change that makes it needless", cancelledWithChange},
	{"a job that runs is not cancelled by a transaction that is undone", cancelUndone},
	{"uploads and jobs go on beside each other", beside},
}

var errMine = errors.New("mine")

func comesWithChange(t *testing.T, p Place) {
	h := start(t, p.Jobs, jobs.Options{}, one("inspect", func(ctx context.Context, k *jobs.Task) error {
		_, err := p.Metadata.Asset(ctx, k.Owner)
		return err
	}, &jobs.KindOptions{Attempts: 1}))
	a := &metadata.Asset{ID: metadata.NewID(), State: metadata.Processing}
	var j *jobs.Job
	err := p.Metadata.Update(t.Context(), func(tx metadata.Tx) (err error) {
		if err := tx.InsertAsset(t.Context(), a); err != nil {
			return err
		}
		j, err = h.SubmitTx(t.Context(), tx, jobs.Job{Kind: "inspect", Owner: a.ID})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.reaches(j.ID, jobs.Done)
}

func undoneLeavesNone(t *testing.T, p Place) {
	h := start(t, p.Jobs, jobs.Options{}, one("noop", func(context.Context, *jobs.Task) error {
		t.Error("it ran")
		return nil
	}, nil))
	var j *jobs.Job
	err := p.Metadata.Update(t.Context(), func(tx metadata.Tx) (err error) {
		if j, err = h.SubmitTx(t.Context(), tx, jobs.Job{Kind: "noop"}); err != nil {
			return err
		}
		return errMine
	})
	if !errors.Is(err, errMine) {
		t.Fatal(err)
	}
	if _, err := h.Get(t.Context(), j.ID); !errors.Is(err, jobs.ErrNotFound) {
		t.Errorf("it is there: %v", err)
	}
	err = p.Metadata.Update(t.Context(), func(tx metadata.Tx) error {
		_, err := h.SubmitTx(t.Context(), tx, jobs.Job{Kind: "other"})
		return err
	})
	if !errors.Is(err, jobs.ErrInvalid) {
		t.Errorf("an unknown kind: %v", err)
	}
}

type wrapper struct{ metadata.Tx }

func (w wrapper) Unwrap() metadata.Tx { return w.Tx }

func wrapped(t *testing.T, p Place) {
	h := queue(t, p.Jobs, jobs.Options{}, one("noop", nil, nil))
	err := p.Metadata.Update(t.Context(), func(tx metadata.Tx) error {
		if _, err := h.SubmitTx(t.Context(), wrapper{wrapper{tx}}, jobs.Job{Kind: "noop"}); err != nil {
			t.Error(err)
		}
		foreign := struct{ metadata.Tx }{tx} // which does not say what it wraps
		if _, err := h.SubmitTx(t.Context(), foreign, jobs.Job{Kind: "noop"}); err == nil {
			t.Error("a transaction of nobody was taken")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func doneWithResult(t *testing.T, p Place) {
	undone := true
	a := &metadata.Asset{ID: metadata.NewID(), State: metadata.Ready}
	h := start(t, p.Jobs, jobs.Options{}, one("publish", func(ctx context.Context, k *jobs.Task) error {
		err := p.Metadata.Update(ctx, func(tx metadata.Tx) error {
			if err := k.Fence(ctx, tx); err != nil {
				return err
			}
			if err := tx.InsertAsset(ctx, a); err != nil {
				return err
			}
			if err := k.Done(ctx, tx); err != nil {
				return err
			}
			if k.Attempt == 1 {
				return errMine
			}
			return nil
		})
		if k.Attempt == 1 {
			_, there := p.Metadata.Asset(ctx, a.ID)
			undone = errors.Is(there, metadata.ErrNotFound)
		}
		return err
	}, &jobs.KindOptions{Backoff: fast}))
	j := h.reaches(h.submit(jobs.Job{Kind: "publish"}).ID, jobs.Done)
	if _, err := p.Metadata.Asset(t.Context(), a.ID); err != nil || !undone || j.Attempt != 2 {
		t.Errorf("%+v; undone: %v; the result: %v", j, undone, err)
	}
}

func cancelledWithChange(t *testing.T, p Place) {
	h := queue(t, p.Jobs, jobs.Options{}, one("noop", nil, nil))
	id := h.submit(jobs.Job{Kind: "noop"}).ID
	for _, want := range []error{errMine, nil} {
		err := p.Metadata.Update(t.Context(), func(tx metadata.Tx) error {
			if _, err := h.CancelTx(t.Context(), tx, id); err != nil {
				return err
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Fatal(err)
		}
		if j := h.get(id); j.State.Ended() != (want == nil) {
			t.Errorf("after %v it is %s", want, j.State)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.IndexFunc(h.heard, func(e events.Event) bool { return e.Data["state"] == string(jobs.Cancelled) }); i >= 0 {
		t.Errorf("told before the commit, which may never come: %+v", h.heard[i])
	}
}

func cancelUndone(t *testing.T, p Place) {
	begun, why := make(chan *jobs.Task, 2), make(chan error, 2)
	h := start(t, p.Jobs, jobs.Options{}, one("film", untilEnded(begun, why), &jobs.KindOptions{Attempts: 1}))
	id := h.submit(jobs.Job{Kind: "film"}).ID
	for generation, want := range []error{errMine, nil} {
		if got := receive(t, begun, "the run").Generation; got != int64(generation+1) {
			t.Errorf("the run is the %d., want %d", got, generation+1)
		}
		err := p.Metadata.Update(t.Context(), func(tx metadata.Tx) error {
			if _, err := h.CancelTx(t.Context(), tx, id); err != nil {
				return err
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Fatal(err)
		}
		if got := receive(t, why, "the end of its context"); !errors.Is(got, jobs.ErrCancelled) {
			t.Errorf("it ended by %v", got)
		}
	}
	if j := h.reaches(id, jobs.Cancelled); j.Attempt != 1 {
		t.Errorf("%d attempts, want 1", j.Attempt)
	}
}

// Writers of both kinds at once: nobody waits for himself, and nothing is lost.
func beside(t *testing.T, p Place) {
	const writers, each = 4, 25
	h := start(t, p.Jobs, jobs.Options{}, one("noop", func(ctx context.Context, k *jobs.Task) error {
		return p.Metadata.Update(ctx, func(tx metadata.Tx) error { return k.Done(ctx, tx) })
	}, &jobs.KindOptions{AtOnce: 4}))
	var wg sync.WaitGroup
	ids := make(chan int64, writers*each)
	for range writers {
		wg.Go(func() {
			for range each {
				err := p.Metadata.Update(t.Context(), func(tx metadata.Tx) error {
					if err := tx.InsertAsset(t.Context(), &metadata.Asset{ID: metadata.NewID(), State: metadata.Ready}); err != nil {
						return err
					}
					j, err := h.SubmitTx(t.Context(), tx, jobs.Job{Kind: "noop"})
					if err == nil {
						ids <- j.ID
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	close(ids)
	for id := range ids {
		if j, err := h.Get(t.Context(), id); errors.Is(err, jobs.ErrNotFound) {
			continue // of a try that was undone because of another's
		} else if err != nil || j.State != jobs.Done {
			h.becomes(id, jobs.Done)
		}
	}
}
