package transcode

import (
	"context"
	"encoding/json"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

// whenLost has a transcode ended of which a task is over for good that has not done
// its part: it took its workers with it, panicked to the end, or was cancelled by an
// operator. It is written in the transaction that ends the task, for nobody else would
// come back to the transcode.
func whenLost(j *jobs.Job) *jobs.Job {
	var a args
	if err := json.Unmarshal(j.Args, &a); err != nil {
		return nil // it is none of ours
	}
	lost, err := jobs.NewJob(kindLost, args{Transcode: a.Transcode, Asset: a.Asset, Canceled: j.State == jobs.Cancelled})
	if err != nil {
		return nil
	}
	lost.Owner, lost.Priority, lost.Unique = j.Owner, jobs.Urgent, a.Transcode
	return &lost
}

// lost ends the transcode, unless its task has done so.
func (t *Transcoder) lost(ctx context.Context, w *work) error {
	if w.args.Canceled {
		return t.end(ctx, w.args.Transcode, metadata.UploadCanceled, canceled, nil)
	}
	return t.end(ctx, w.args.Transcode, metadata.UploadFailed, lost, nil)
}

// nothing is what a task does that comes when its transcode has ended: all such tidy up.
func (*Transcoder) nothing(context.Context, *work) error { return nil }
