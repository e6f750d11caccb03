package streamgate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

// The kinds of jobs by which a Gate settles that has a queue. They share a lane.
const (
	kindSettle  = "settle"      // an asset
	kindSettles = "settle-look" // looks for all that are to be settled
)

const (
	// settleAttempts is how often it is tried to settle an asset where a store fails:
	// for two hours. That there is no room is no attempt.
	settleAttempts = 20
	// settleRounds is how often an asset is looked at again that others change
	// meanwhile, and settlePause how long to wait then.
	settleRounds = 5
	settlePause  = time.Second
)

type settleArgs struct {
	Asset string `json:"asset"`
}

// openSettlingJobs has assets settled by jobs, of which there is one for an asset at a
// time, on whatever machine.
func (g *Gate) openSettlingJobs() error {
	if g.settler == nil || g.jobs == nil {
		return nil
	}
	for kind, do := range map[string]jobs.Handler{kindSettle: g.settleAsset, kindSettles: g.settleAll} {
		if err := g.jobs.Handle(kind, do, &jobs.KindOptions{Lane: kindSettle, AtOnce: g.settling.AtOnce, Attempts: settleAttempts}); err != nil {
			return fmt.Errorf("streamgate: settling: %w", err)
		}
	}
	return nil
}

// settleAsset settles an asset for as long as the job is this process's. What comes
// while it does so is seen to by the same job, or has another one.
func (g *Gate) settleAsset(ctx context.Context, t *jobs.Task) error {
	var args settleArgs
	if err := t.Decode(&args); err != nil {
		return err
	}
	for range settleRounds {
		again, err := g.settler.Once(ctx, args.Asset, t.Fence)
		if again > 0 {
			return jobs.Snooze(again)
		}
		if err != nil {
			return err
		}
		if over, err := g.settled(ctx, t, args.Asset); over || err != nil {
			return err
		}
	}
	return jobs.Snooze(settlePause)
}

// settled ends the job of an asset, unless something is to be settled by now.
func (g *Gate) settled(ctx context.Context, t *jobs.Task, id string) (over bool, err error) {
	err = g.meta.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, id)
		if err != nil && !errors.Is(err, metadata.ErrNotFound) {
			return err
		}
		if over = err != nil || !g.settler.Waits(a); !over {
			return nil
		}
		return t.Done(ctx, tx)
	})
	return over, err
}

// settleAll submits the jobs of all assets that have none and are to be settled.
func (g *Gate) settleAll(ctx context.Context, _ *jobs.Task) error {
	return g.settler.Recover(ctx, func(ctx context.Context, assets []string) error {
		_, err := g.submitSettling(ctx, assets...)
		return err
	})
}

// settleNow has an asset settled that has changed: a job of it that waits for another
// attempt, or for room, is to look now.
func (g *Gate) settleNow(ctx context.Context, id string) error {
	list, err := g.submitSettling(ctx, id)
	if err != nil {
		return err
	}
	if j := list[0]; j.Duplicate && (j.State == jobs.Scheduled || j.State == jobs.Retrying) {
		_, err = g.jobs.Retry(ctx, j.ID)
		if errors.Is(err, jobs.ErrConflict) || errors.Is(err, jobs.ErrNotFound) {
			return nil // it runs, or has run
		}
	}
	return err
}

// submitSettling submits by a transaction of the metadata, as a job ends by one: so it
// comes before that, which sees the asset as it is now then, or after.
func (g *Gate) submitSettling(ctx context.Context, assets ...string) (list []*jobs.Job, err error) {
	err = g.meta.Update(ctx, func(tx metadata.Tx) error {
		list = list[:0]
		for _, id := range assets {
			j, err := jobs.NewJob(kindSettle, settleArgs{Asset: id})
			if err != nil {
				return err
			}
			j.Unique, j.Priority = id, jobs.Low
			submitted, err := g.jobs.SubmitTx(ctx, tx, j)
			if err != nil {
				return err
			}
			list = append(list, submitted)
		}
		return nil
	})
	return list, err
}
