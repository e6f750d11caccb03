package transcode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

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
	ids, err := t.transcodesOf(ctx, jobs.Failed, jobs.Cancelled)
	if err != nil {
		return err
	}
	if t.isTime(time.Now()) {
		if err := t.addQuiet(ctx, ids); err != nil {
			return err
		}
	}
	left, err := t.goingOf(ctx, ids)
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

// quietEvery is how often transcodes are looked for of which nothing was heard for so
// long: for that all are read that there are.
const quietEvery = time.Hour

// isTime reports whether it is time for that, also at the first call.
func (t *Transcoder) isTime(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.quiet) {
		return false
	}
	t.quiet = now.Add(quietEvery)
	return true
}

// addQuiet adds transcodes that may go on, and have not changed for long. The tasks that
// they had may be forgotten by now: jobs that ended are kept for a day, and a process may
// have been away for longer.
func (t *Transcoder) addQuiet(ctx context.Context, ids map[string]bool) error {
	long := time.Now().Add(-quietEvery)
	for q := (metadata.TranscodeQuery{Before: long, Limit: recoverPage}); ; {
		page, err := t.Metadata.Transcodes(ctx, q)
		if err != nil {
			return fmt.Errorf("transcode: listing what is quiet: %w", err)
		}
		for _, u := range page {
			q.Before, q.BeforeID = u.CreatedAt, u.ID
			if u.State != metadata.UploadCanceled && u.UpdatedAt.Before(long) {
				if under, err := isUnder(u); err == nil && under { // one that cannot be read is no reason to leave the others
					ids[u.ID] = true
				}
			}
		}
		if len(page) < q.Limit {
			return nil
		}
	}
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
