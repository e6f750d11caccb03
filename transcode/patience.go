package transcode

import (
	"context"
	"errors"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

const (
	defaultPatience = 3 * time.Hour
	// longestLook is how long a task waits at most between two looks at storage.
	longestLook = 5 * time.Minute
	// lookShare is what part of the time that is waited already passes until the next.
	lookShare = 4
)

const reasonGoesOn = "it is being transcoded"

// isShort reports whether an error is that of a disk that is full, or of storage that
// does not answer. Neither is the file's fault, and it takes somebody to see to it:
// longer than the seconds in which attempts are used up.
func isShort(err error) bool {
	if run, ok := errors.AsType[*ffmpeg.RunError](err); ok && run.Class == ffmpeg.DiskFull {
		return !run.Lasting
	}
	return errors.Is(err, storage.ErrFull) || errors.Is(err, storage.ErrUnavailable) || errors.Is(err, metadata.ErrFull)
}

// bides reports whether a task that ended with err is to wait for room, or storage.
func (t *Transcoder) bides(w *work, err error) bool {
	return w.record != nil && isShort(err) && (w.Short.IsZero() || time.Since(w.Short) < t.o.Patience)
}

// bide has the task run again after a while, without an attempt being counted, and the
// asset say why it waits.
func (t *Transcoder) bide(ctx context.Context, w *work, short error) error {
	since, why := time.Time{}, reason(short)+"; it goes on when that has passed"
	err := t.change(ctx, w, false, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		if r.Short.IsZero() {
			r.Short = time.Now().UTC()
		}
		r.Waits, since = why, r.Short
		return t.saysWhy(ctx, tx, u, why)
	})
	switch {
	case err == nil:
	case errors.Is(err, errOver): // or what was made was refused, of which the next run tells
		return jobs.Snooze(t.o.Look)
	case isOthers(err):
		return err
	default: // the disk of the database may be the one that is full
		t.o.Logger.WarnContext(ctx, "that a transcode waits could not be written down", "transcode", w.args.Transcode, "reason", short, "error", err)
		return jobs.Snooze(t.o.Look)
	}
	t.tellWaits(w)
	t.o.Logger.WarnContext(ctx, "a transcode waits", "transcode", w.args.Transcode, "task", w.task.Kind, "since", since, "error", short)
	return jobs.Snooze(t.untilLook(since))
}

// untilLook is how long a task waits that has waited since a moment.
func (t *Transcoder) untilLook(since time.Time) time.Duration {
	return max(min(time.Since(since)/lookShare, longestLook), t.o.Look)
}

// resume is for a transcode that goes on: storage has taken what a task made.
func (t *Transcoder) resume(ctx context.Context, tx metadata.Tx, u *metadata.Upload, r *record) error {
	r.Waits = ""
	if r.Short.IsZero() {
		return nil
	}
	r.Short = time.Time{}
	return t.saysWhy(ctx, tx, u, reasonGoesOn)
}

// saysWhy has the asset say why it waits for its transcode, if it does.
func (t *Transcoder) saysWhy(ctx context.Context, tx metadata.Tx, u *metadata.Upload, why string) error {
	a, err := tx.Asset(ctx, u.Asset)
	if err != nil || a.Waiting != metadata.WaitTranscoder || a.Reason == why {
		return err
	}
	a.Reason = why
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	return tx.Emit(ctx, &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Data: map[string]any{"waiting": a.Waiting, "reason": why}})
}
