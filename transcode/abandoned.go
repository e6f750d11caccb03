package transcode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

const reasonAbandoned = "a task of the transcode ended without a result; it can be tried again"

// kinds are those of all tasks.
func kinds() []string {
	return []string{kindPlan, kindVideo, kindSound, kindRemux, kindAssemble, kindExtras}
}

// endAbandoned ends transcodes that go on and have no task. A task that ends on its
// own account says what comes after it, so one of theirs was ended by others. With quiet it
// looks for those, too, of which nothing was heard for long.
func (t *Transcoder) endAbandoned(ctx context.Context, quiet bool) error {
	ids, err := t.transcodesOf(ctx, jobs.Failed)
	if err != nil {
		return err
	}
	cancelled, err := t.transcodesOf(ctx, jobs.Cancelled)
	if err != nil {
		return err
	}
	maps.Copy(ids, cancelled)
	if quiet {
		if err := t.addQuiet(ctx, ids); err != nil {
			return err
		}
	}
	left, unread := t.goingOf(ctx, ids)
	if len(left) == 0 {
		return unread
	}
	open, err := t.transcodesOf(ctx, jobs.Scheduled, jobs.Waiting, jobs.Running, jobs.Retrying)
	if err != nil {
		return errors.Join(unread, err)
	}
	errs := []error{unread}
	for _, u := range left {
		if !open[u.ID] {
			errs = append(errs, t.abandon(ctx, u, cancelled[u.ID]))
		}
	}
	return errors.Join(errs...)
}

// quietEvery is how often transcodes are looked for of which nothing was heard for so
// long, and for those that ended long ago.
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
// have been away for longer. None goes on that has ended, so only the first time all are
// read that there are.
func (t *Transcoder) addQuiet(ctx context.Context, ids map[string]bool) error {
	long := time.Now().Add(-quietEvery)
	read, oldest := t.endedBefore(time.Time{}), long
	for q := (metadata.TranscodeQuery{Before: long, Limit: recoverPage}); ; {
		page, err := t.Metadata.Transcodes(ctx, q)
		if err != nil {
			return fmt.Errorf("transcode: listing what is quiet: %w", err)
		}
		for _, u := range page {
			q.Before, q.BeforeID = u.CreatedAt, u.ID
			if under, err := isUnder(u); err != nil || !under { // one that cannot be read is no reason to leave the others
				continue
			}
			oldest = u.CreatedAt
			if u.UpdatedAt.Before(long) {
				ids[u.ID] = true
			}
		}
		if len(page) < q.Limit || q.Before.Before(read) {
			t.endedBefore(oldest)
			return nil
		}
	}
}

// endedBefore is since when transcodes were begun of which some may go on, as it was known
// last; what is known by now takes its place, unless that is zero.
func (t *Transcoder) endedBefore(now time.Time) (before time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before = t.oldest
	if !now.IsZero() {
		t.oldest = now
	}
	return before
}

// goingOf reads those transcodes that are not at an end. One that cannot be read keeps it
// from no other; the errors are joined.
func (t *Transcoder) goingOf(ctx context.Context, ids map[string]bool) (list []*metadata.Upload, err error) {
	var errs []error
	for id := range ids {
		u, err := t.Metadata.Upload(ctx, id)
		switch {
		case ctx.Err() != nil:
			return nil, errors.Join(append(errs, err)...)
		case errors.Is(err, metadata.ErrNotFound) || err == nil && u.Protocol != metadata.ProtocolTranscode:
			continue
		case err != nil:
			errs = append(errs, err)
			continue
		}
		r, err := recordOf(u)
		switch {
		case err != nil:
			errs = append(errs, err)
		case r.going(u) || r.lost(u):
			list = append(list, u)
		}
	}
	return list, errors.Join(errs...)
}

// errChanged means that a transcode goes on after all.
var errChanged = errors.New("transcode: it has changed meanwhile")

// abandon ends a transcode that had no task when it was as given: as one that was
// cancelled where a task of it was, which the task that is to say so may not have done
// yet, and else as one that has failed. Whatever submits one changes the row in the same
// transaction.
func (t *Transcoder) abandon(ctx context.Context, was *metadata.Upload, cancelled bool) error {
	state, y := metadata.UploadFailed, why{reasonAbandoned, lost.class}
	switch {
	case was.State == metadata.UploadFailed: // nobody has said so yet
		y = whyOf(errDoesNotPlay(was))
	case cancelled:
		state, y = metadata.UploadCanceled, canceled
	}
	err := t.end(ctx, was.ID, state, y, func(_ metadata.Tx, now *metadata.Upload) error {
		if now.Version != was.Version {
			return errChanged
		}
		return nil
	})
	if errors.Is(err, errChanged) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("transcode: ending %s: %w", was.ID, err)
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
