package transcode

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/requestid"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

// ErrNotFound means that there is no such transcode, or asset.
var ErrNotFound = metadata.ErrNotFound

// ErrUnder means that the asset is being transcoded already, or has nothing that
// could be.
var ErrUnder error = problem.NewKind(http.StatusConflict, "transcode-conflict", "The asset cannot be transcoded now")

// Wait has the file of an upload transcoded that HLS cannot carry, and for which the
// asset waits: it is made for upload.Options.Waits. The tasks are of that transaction.
// Where a transcode of that file goes on already there is nothing to do.
func (t *Transcoder) Wait(ctx context.Context, tx metadata.Tx, a *metadata.Asset, u *metadata.Upload) error {
	uploads, err := tx.UploadsOf(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, made := range uploads {
		if under, err := isUnder(made); err != nil || under && made.Metadata[metaOf] == u.ID {
			return err
		}
	}
	_, err = t.begin(ctx, tx, a, u.ID, &record{Profile: defaultProfile}, jobs.Urgent)
	return err
}

// isUnder reports whether an upload is a transcode that goes on, or is yet to be ended.
func isUnder(u *metadata.Upload) (bool, error) {
	if u.Protocol != metadata.ProtocolTranscode || u.State == metadata.UploadCanceled {
		return false, nil
	}
	r, err := recordOf(u)
	return err == nil && (r.going(u) || r.lost(u)), err
}

// Submit has an asset transcoded by a profile ("" is the default one), and returns
// the id of the transcode: of one that plays a ladder is made, or made anew; what has
// failed, or waits, is tried again. ErrNotFound, ErrUnder or ErrProfile.
func (t *Transcoder) Submit(ctx context.Context, assetID, profile string) (string, error) {
	if profile == "" {
		profile = defaultProfile
	}
	if _, ok := t.profiles[profile]; !ok {
		return "", problem.Errorf(ErrProfile, "there is no profile %.100q", profile)
	}
	var id string
	err := t.Metadata.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, assetID)
		if err != nil {
			return err
		}
		if err := t.overtake(ctx, tx, a); err != nil {
			return err
		}
		of, err := t.eligible(ctx, tx, a)
		if err != nil {
			return err
		}
		if a.State == metadata.Failed {
			err = t.revive(ctx, tx, a)
		}
		if err == nil {
			id, err = t.begin(ctx, tx, a, of, &record{Profile: profile}, jobs.Normal)
		}
		return err
	})
	return id, err
}

// eligible returns the upload whose file is to be made playable, "" where the asset
// plays. One transcode of an asset goes on at a time.
func (t *Transcoder) eligible(ctx context.Context, tx metadata.Tx, a *metadata.Asset) (of string, err error) {
	uploads, err := tx.UploadsOf(ctx, a.ID)
	if err != nil {
		return "", err
	}
	for _, u := range uploads {
		if u.Protocol != metadata.ProtocolTranscode && u.State == metadata.UploadComplete && u.Rendition == "" {
			of = u.ID
		}
		under, err := isUnder(u)
		if err != nil {
			return "", err
		}
		if under {
			return "", problem.Errorf(ErrUnder, "the asset is being transcoded already, as %s", u.ID)
		}
	}
	switch {
	case a.Playable && a.Source != "":
		return "", nil
	case a.Kept() == "" || of == "":
		return "", problem.Errorf(ErrUnder, "the asset has no file that could be transcoded")
	}
	return of, nil
}

// revive has an asset wait again that has failed.
func (t *Transcoder) revive(ctx context.Context, tx metadata.Tx, a *metadata.Asset) error {
	if err := setAside(ctx, tx, a); err != nil {
		return err
	}
	a.State, a.Error, a.Waiting, a.Reason = metadata.Processing, "", metadata.WaitTranscoder, "it is transcoded again"
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	return tx.Emit(ctx, &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Data: map[string]any{"waiting": a.Waiting}})
}

// setAside keeps the source of an asset, which does not play, for its transcode. It is
// no upload's any more: else it was one that nobody has looked at.
func setAside(ctx context.Context, tx metadata.Tx, a *metadata.Asset) error {
	if a.Source == "" {
		return nil
	}
	if err := metadata.Release(ctx, tx, a.ID, a.Source); err != nil {
		return err
	}
	a.SetAside()
	return nil
}

// begin writes a transcode down, and has it planned.
func (t *Transcoder) begin(ctx context.Context, tx metadata.Tx, a *metadata.Asset, of string, r *record, priority int) (string, error) {
	u := &metadata.Upload{
		ID: metadata.NewID(), Asset: a.ID, Owner: a.Owner, State: metadata.UploadTranscoding, Size: -1,
		Protocol: metadata.ProtocolTranscode, Metadata: map[string]string{},
	}
	if of != "" {
		u.Key, u.Metadata[metaOf] = sourceKey(u), of
	}
	r.By = auth.FromContext(ctx).ID
	if err := r.write(u); err != nil {
		return "", err
	}
	if err := t.thin(ctx, tx, a.ID); err != nil {
		return "", err
	}
	if err := tx.InsertUpload(ctx, u); err != nil {
		return "", err
	}
	if err := t.submit(ctx, tx, u, kindPlan, priority, args{}); err != nil {
		return "", err
	}
	return u.ID, t.emit(ctx, tx, events.TranscodeSubmitted, u, map[string]any{"profile": r.Profile})
}

// recordTimeout is how long a Recorder may take in a transaction, for which all other
// writers wait.
const recordTimeout = 2 * time.Second

// emit writes what somebody did to the outbox, and tells the Recorder of it, which may
// refuse that. It comes last before the commit, so that nothing else can.
func (t *Transcoder) emit(ctx context.Context, tx metadata.Tx, kind events.Type, u *metadata.Upload, data map[string]any) error {
	e := t.event(kind, u, data)
	e.Actor, e.RequestID = auth.FromContext(ctx).ID, requestid.FromContext(ctx)
	if err := tx.Emit(ctx, e); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	if err := t.o.Recorder.Record(ctx, *e); err != nil {
		return fmt.Errorf("transcode: recording %s: %w", kind, err)
	}
	return nil
}

func (t *Transcoder) event(kind events.Type, u *metadata.Upload, data map[string]any) *events.Event {
	if data == nil {
		data = map[string]any{}
	}
	data["transcode"] = u.ID
	return &events.Event{Type: kind, Time: time.Now(), Owner: u.Owner, Asset: u.Asset, Data: data}
}
