package transcode

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// args are those of every kind of task.
type args struct {
	Transcode string `json:"transcode"`
	Asset     string `json:"asset"`
	Chunk     int    `json:"chunk,omitempty"`
	First     bool   `json:"first,omitempty"`  // the smallest rung alone
	Stream    int    `json:"stream,omitempty"` // of sound

	Canceled bool `json:"canceled,omitempty"` // of kindLost: the task was
}

// work is a task that runs.
type work struct {
	*record

	task   *jobs.Task
	args   args
	upload *metadata.Upload // the transcode, as it was when the task began
	asset  *metadata.Asset  // the same
}

// by names this run of the task.
func (w *work) by() string {
	return strconv.FormatInt(w.task.ID, 10) + "." + strconv.FormatInt(w.task.Generation, 10)
}

// errOver ends a task whose transcode has ended, or is gone.
var errOver = errors.New("transcode: it is over")

// errForeign fails a task that somebody has submitted by hand.
var errForeign = errors.New("transcode: the task is of an upload that is no transcode")

// task makes a handler of what does a task.
func (t *Transcoder) task(do func(context.Context, *work) error) jobs.Handler {
	return func(ctx context.Context, task *jobs.Task) error {
		w := &work{task: task}
		if err := task.Decode(&w.args); err != nil {
			return err
		}
		err := t.load(ctx, w)
		if errors.Is(err, errForeign) {
			return jobs.Discard(err)
		}
		if err == nil {
			t.enter(w)
			defer t.leave(w)
			watched, end := t.watch(ctx, w.args.Transcode)
			err = do(watched, w)
			if errors.Is(context.Cause(watched), errOver) && ctx.Err() == nil {
				err = errOver
			}
			end()
		}
		return t.judge(ctx, w, err)
	}
}

// load reads what the task is about; errOver where there is nothing to do.
func (t *Transcoder) load(ctx context.Context, w *work) (err error) {
	if w.upload, err = t.Metadata.Upload(ctx, w.args.Transcode); err == nil {
		w.asset, err = t.Metadata.Asset(ctx, w.upload.Asset)
	}
	switch {
	case errors.Is(err, metadata.ErrNotFound):
		return errOver
	case err != nil:
		return err
	}
	if w.upload.Protocol != metadata.ProtocolTranscode {
		return errForeign
	}
	w.record, err = recordOf(w.upload)
	switch {
	case err != nil:
		return err
	case w.lost(w.upload):
		return errDoesNotPlay(w.upload)
	case !w.going(w.upload):
		return errOver
	}
	return nil
}

// going reports whether there is anything to do yet: what plays is to be made, or
// rungs are to join it, and the asset is of the same file.
func (r *record) going(u *metadata.Upload) bool {
	return u.State == metadata.UploadTranscoding || u.State == metadata.UploadComplete && u.Key != "" && !r.Ended
}

// lost reports whether what was made was refused by Inspect, and the transcode is yet
// to be ended for that.
func (r *record) lost(u *metadata.Upload) bool {
	return u.State == metadata.UploadFailed && !r.Ended
}

func errDoesNotPlay(u *metadata.Upload) error {
	return problem.Errorf(ErrOutput, "what was made does not play: %s", u.Error)
}

// watchEvery is how often a task looks whether its transcode goes on.
const watchEvery = 200 * time.Millisecond

// watch ends the context with errOver when the transcode has ended, wherever that was.
func (t *Transcoder) watch(ctx context.Context, id string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if errors.Is(t.goesOn(ctx, id), errOver) {
				cancel(errOver)
				return
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}

// goesOn fails with errOver where a transcode has ended, or is gone. What it reads is
// what is told of it from then on.
func (t *Transcoder) goesOn(ctx context.Context, id string) error {
	u, err := t.Metadata.Upload(ctx, id)
	if errors.Is(err, metadata.ErrNotFound) {
		t.ended(id)
		return errOver
	}
	if err != nil {
		return err
	}
	r, err := recordOf(u)
	if err != nil {
		return err
	}
	t.saw(id, u.Version, r)
	if !r.going(u) && !r.lost(u) {
		return errOver
	}
	return nil
}

// judge decides what an error means for the task and for its transcode.
func (t *Transcoder) judge(ctx context.Context, w *work, err error) error {
	switch {
	case err == nil || isOthers(err):
		return err
	case errors.Is(err, errOver):
		return t.tidy(ctx, w)
	case errors.Is(err, ffmpeg.ErrMissing):
		if err := t.await(ctx, w, err); err != nil {
			return err
		}
		return jobs.Snooze(t.o.Look)
	case errors.Is(err, errNoRoom):
		return jobs.Snooze(roomLook)
	case errors.Is(err, ffmpeg.ErrBusy), errors.Is(err, storage.ErrBusy): // the draft is open where the task ran before
		return jobs.Snooze(time.Second)
	case ctx.Err() != nil:
		return err
	case t.bides(w, err):
		return t.bide(ctx, w, err)
	case !t.final(w, err):
		return err
	}
	t.o.Logger.WarnContext(ctx, "a transcode fails", "transcode", w.args.Transcode, "task", w.task.Kind, "error", err)
	failed := t.fail(ctx, w, err)
	switch {
	case failed == nil:
		return jobs.Discard(err)
	case isOthers(failed):
		return failed
	}
	// No attempt is left to say so with, and nobody else would.
	t.o.Logger.WarnContext(ctx, "a transcode could not be failed, will try again", "transcode", w.args.Transcode, "reason", err, "error", failed)
	return jobs.Snooze(t.o.Look)
}

// roomLook is how long a task waits that found no room for a copy: others have it until
// some task of theirs has ended, and each look is a request to storage.
const roomLook = 3 * time.Second

// isOthers reports whether the task is not, or soon will not be, that of this process:
// then it says nothing of the transcode.
func isOthers(err error) bool {
	return errors.Is(err, jobs.ErrLeaseLost) || errors.Is(err, jobs.ErrCancelled) || errors.Is(err, jobs.ErrStopping)
}

// final reports whether no other attempt will come, or would help.
func (t *Transcoder) final(w *work, err error) bool {
	if t.bides(w, err) {
		return false
	}
	if run, ok := errors.AsType[*ffmpeg.RunError](err); ok {
		// A run that is long in vain is tried once more, for the machine may have been busy.
		long := run.Class == ffmpeg.TimeLimit && run.Program == "ffmpeg" && w.task.Attempt > 1
		if long || !run.Retry() {
			return true
		}
	}
	for _, hopeless := range []error{ErrSource, ErrProfile, ErrOutput, storage.ErrChanged, ffmpeg.ErrIncomplete, ffmpeg.ErrType, ffmpeg.ErrCommand} {
		if errors.Is(err, hopeless) {
			return true
		}
	}
	return w.record != nil && isShort(err) || w.task.Attempt >= w.task.MaxAttempts
}

// update is change of a task that goes on: once it is done, so does its transcode.
func (t *Transcoder) update(ctx context.Context, w *work, done bool, fn func(tx metadata.Tx, u *metadata.Upload, r *record) error) error {
	return t.change(ctx, w, done, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		if done { // before that storage may take a little each time, and never all
			if err := t.resume(ctx, tx, u, r); err != nil {
				return err
			}
		}
		return fn(tx, u, r)
	})
}

// change changes the transcode and its record in a transaction that is the task's:
// it fails where the task runs elsewhere by now, and with errOver where the transcode
// has ended. fn gets both as they are now; with done the task is done by it.
func (t *Transcoder) change(ctx context.Context, w *work, done bool, fn func(tx metadata.Tx, u *metadata.Upload, r *record) error) error {
	var u *metadata.Upload
	var r *record
	err := t.Metadata.Update(ctx, func(tx metadata.Tx) (err error) {
		u, err = tx.Upload(ctx, w.upload.ID)
		if errors.Is(err, metadata.ErrNotFound) {
			return errOver
		}
		if err != nil {
			return err
		}
		r, err = recordOf(u)
		if err != nil {
			return err
		}
		if !r.going(u) {
			return errOver
		}
		if err := fn(tx, u, r); err != nil {
			return err
		}
		if err := t.hide(ctx, tx, u, r); err != nil {
			return err
		}
		if err := r.write(u); err != nil {
			return err
		}
		if err := tx.UpdateUpload(ctx, u); err != nil {
			return err
		}
		if done {
			return w.task.Done(ctx, tx)
		}
		return w.task.Fence(ctx, tx)
	})
	if err == nil {
		t.saw(u.ID, u.Version, r)
	}
	return err
}

// ofTask are the metadata, for what changes an asset by itself: only as long as the
// transcode goes on, and the task is this process's. What it has made is removed as soon
// as the transcode has ended, and may be of a file that another has replaced.
type ofTask struct {
	metadata.Store

	w *work
}

// Update implements metadata.Store.
func (s *ofTask) Update(ctx context.Context, fn func(tx metadata.Tx) error) error {
	return s.Store.Update(ctx, func(tx metadata.Tx) error {
		u, err := tx.Upload(ctx, s.w.upload.ID)
		if errors.Is(err, metadata.ErrNotFound) {
			return errOver
		}
		if err != nil {
			return err
		}
		r, err := recordOf(u)
		if err != nil {
			return err
		}
		if !r.going(u) {
			return errOver
		}
		if err := fn(tx); err != nil {
			return err
		}
		return s.w.task.Fence(ctx, tx)
	})
}

// submit has a task of the transcode done.
func (t *Transcoder) submit(ctx context.Context, tx metadata.Tx, u *metadata.Upload, kind string, priority int, a args) error {
	a.Transcode, a.Asset = u.ID, u.Asset
	j, err := jobs.NewJob(kind, a)
	if err != nil {
		return err
	}
	j.Owner, j.Priority = u.Owner, priority
	j.Unique = fmt.Sprintf("%s %d %d %t", a.Transcode, a.Chunk, a.Stream, a.First)
	_, err = t.Queue.SubmitTx(ctx, tx, j)
	return err
}
