package transcode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

const reasonAbandoned = "a task of the transcode ended without a result; it can be tried again"

// kinds are those of all tasks.
func kinds() []string {
	return []string{kindPlan, kindVideo, kindSound, kindRemux, kindAssemble, kindExtras}
}

// failAbandoned ends transcodes that go on and have no task. A task that ends on its
// own account says what comes after it, so one of theirs was ended by others.
func (t *Transcoder) failAbandoned(ctx context.Context) error {
	ended, err := t.transcodesOf(ctx, jobs.Failed, jobs.Cancelled)
	if err != nil {
		return err
	}
	left, err := t.goingOf(ctx, ended)
	if err != nil || len(left) == 0 {
		return err
	}
	open, err := t.transcodesOf(ctx, jobs.Scheduled, jobs.Waiting, jobs.Running, jobs.Retrying)
	if err != nil {
		return err
	}
	var errs []error
	for _, u := range left {
		if !open[u.ID] {
			errs = append(errs, t.abandon(ctx, u))
		}
	}
	return errors.Join(errs...)
}

// goingOf reads those transcodes that are not at an end.
func (t *Transcoder) goingOf(ctx context.Context, ids map[string]bool) (list []*metadata.Upload, err error) {
	for id := range ids {
		u, err := t.Metadata.Upload(ctx, id)
		if errors.Is(err, metadata.ErrNotFound) || err == nil && u.Protocol != metadata.ProtocolTranscode {
			continue
		}
		if err != nil {
			return nil, err
		}
		r, err := recordOf(u)
		if err != nil {
			return nil, err
		}
		if r.going(u) || r.lost(u) {
			list = append(list, u)
		}
	}
	return list, nil
}

// errChanged means that a transcode goes on after all.
var errChanged = errors.New("transcode: it has changed meanwhile")

// abandon fails a transcode that had no task when it was as given. Whatever submits
// one changes the row in the same transaction.
func (t *Transcoder) abandon(ctx context.Context, was *metadata.Upload) error {
	err := t.end(ctx, was.ID, metadata.UploadFailed, why{reasonAbandoned, lost.class}, func(_ metadata.Tx, now *metadata.Upload) error {
		if now.Version != was.Version {
			return errChanged
		}
		return nil
	})
	if errors.Is(err, errChanged) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("transcode: failing %s: %w", was.ID, err)
	}
	return t.tidy(ctx, &work{args: args{Transcode: was.ID, Asset: was.Asset}})
}

// transcodesOf are the ids of the transcodes that have tasks in some states.
func (t *Transcoder) transcodesOf(ctx context.Context, states ...jobs.State) (map[string]bool, error) {
	ids := map[string]bool{}
	for cursor := ""; ; {
		page, err := t.Queue.List(ctx, jobs.Query{Kinds: kinds(), States: states, Cursor: cursor, Limit: recoverPage})
		if err != nil {
			return nil, err
		}
		for _, j := range page.Jobs {
			var a args
			if json.Unmarshal(j.Args, &a) == nil { // else somebody else submitted it
				ids[a.Transcode] = true
			}
		}
		if cursor = page.Next; cursor == "" {
			return ids, nil
		}
	}
}
