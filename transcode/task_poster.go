package transcode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"time"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// Poster has a poster made of an asset that plays as it came and has none, when there
// is nothing else to do. Of one that is being transcoded, that makes it. Nothing is
// made without ffmpeg, of sound alone, or with Options.NoPosters; an asset that is not
// there is passed over. It may be called more than once.
func (t *Transcoder) Poster(ctx context.Context, assetID string) error {
	a, err := t.Metadata.Asset(ctx, assetID)
	if errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !t.wantsPoster(a) {
		return nil
	}
	uploads, err := t.Metadata.UploadsOf(ctx, assetID)
	if err != nil {
		return err
	}
	for _, u := range uploads {
		if under, err := isUnder(u); err != nil || under {
			return err
		}
	}
	j, err := jobs.NewJob(kindPoster, args{Asset: a.ID})
	if err != nil {
		return err
	}
	j.Owner, j.Priority, j.Unique = a.Owner, jobs.Low, a.ID+" "+a.Revision
	_, err = t.Queue.Submit(ctx, j)
	return err
}

// maxFarPoster is how large a file may be that is fetched for nothing but a poster,
// where the store has no files of this system.
const maxFarPoster = 64 << 20

// wantsPoster reports whether an asset is to have one made.
func (t *Transcoder) wantsPoster(a *metadata.Asset) bool {
	if t.o.NoPosters || a.Poster != "" || !a.Playable || a.Source == "" {
		return false
	}
	if _, near := t.Files.(storage.FileOpener); !near && a.Size > maxFarPoster {
		return false
	}
	for _, track := range a.Tracks {
		if track.Kind == string(media.Video) {
			return true
		}
	}
	return false
}

// pose is the task of kindPoster: of an asset, where others are of a transcode.
func (t *Transcoder) pose(ctx context.Context, task *jobs.Task) error {
	var of args
	if err := task.Decode(&of); err != nil {
		return err
	}
	err := t.poseFor(ctx, of.Asset, (&work{task: task}).by())
	switch {
	case errors.Is(err, ffmpeg.ErrMissing), errors.Is(err, metadata.ErrNotFound), errors.Is(err, metadata.ErrConflict):
		return nil // it goes without, is gone, or has another film by now, of which there is another task
	case errors.Is(err, ffmpeg.ErrBusy), errors.Is(err, storage.ErrBusy):
		return jobs.Snooze(t.o.Look)
	case errors.Is(err, errNoRoom):
		return jobs.Snooze(roomLook)
	case err != nil && ctx.Err() == nil && isShort(err):
		return t.bidePoster(ctx, task, err)
	case err != nil && ctx.Err() == nil && t.final(&work{task: task}, err):
		return jobs.Discard(err)
	}
	return err
}

// posing is what a task of kindPoster tells of itself.
type posing struct {
	Short time.Time `json:"short,omitzero"` // since when there is no room in storage, or no answer
}

// bidePoster has the poster made when there is room again, or storage answers, if that is
// within Options.Patience. No attempt is counted.
func (t *Transcoder) bidePoster(ctx context.Context, task *jobs.Task, short error) error {
	var p posing
	if told := task.Job.Progress; len(told) > 0 {
		if err := json.Unmarshal(told, &p); err != nil {
			return jobs.Discard(fmt.Errorf("transcode: what the task of a poster has told: %w", err))
		}
	}
	switch {
	case p.Short.IsZero():
		p.Short = time.Now().UTC()
	case time.Since(p.Short) >= t.o.Patience:
		return jobs.Discard(short)
	}
	if err := task.Progress(p); err != nil {
		return err
	}
	t.o.Logger.WarnContext(ctx, "a poster waits", "job", task.ID, "since", p.Short, "error", short)
	return jobs.Snooze(t.untilLook(p.Short))
}

// poseFor makes the poster of an asset, by a run of a task.
func (t *Transcoder) poseFor(ctx context.Context, assetID, by string) error {
	a, err := t.Metadata.Asset(ctx, assetID)
	if err != nil {
		return err
	}
	prefix := "assets/" + a.ID + "/posters/" + by
	task, _, _ := strings.Cut(prefix, ".")
	if err := t.sweep(ctx, task+".", a.Poster); err != nil { // of another run, which was killed
		return err
	}
	if !t.wantsPoster(a) {
		return nil
	}
	from := cameOf(a)
	in, done, err := t.open(ctx, &from)
	if err != nil {
		return fmt.Errorf("transcode: opening the file of %s: %w", a.ID, err)
	}
	defer done()
	found, err := t.Programs.Probe(ctx, in)
	if err != nil {
		return err
	}
	p, err := Ladder(SourceOf(found, true), t.profiles[defaultProfile])
	if err != nil || p.Source().Video == nil {
		return err
	}
	return t.poster(ctx, a, &p, in, prefix)
}

// sweep removes what lies below a prefix, but for one key.
func (t *Transcoder) sweep(ctx context.Context, prefix, used string) error {
	var keys []string
	for _, list := range []iter.Seq2[storage.Info, error]{t.Files.Drafts(ctx, prefix), t.Files.List(ctx, prefix)} {
		for info, err := range list {
			if err != nil {
				return fmt.Errorf("transcode: looking for what was left at %s: %w", prefix, err)
			}
			if info.Key != used {
				keys = append(keys, info.Key)
			}
		}
	}
	for _, key := range keys {
		if err := t.Files.Delete(ctx, key); err != nil {
			return fmt.Errorf("transcode: removing what was left at %s: %w", prefix, err)
		}
	}
	return nil
}

// poster makes the poster of an asset. Its key begins with prefix.
func (t *Transcoder) poster(ctx context.Context, a *metadata.Asset, p *Plan, in ffmpeg.Input, prefix string) error {
	picture, err := t.picture(ctx, p.PosterCommand(in))
	if errors.Is(err, ErrOutput) { // a stream without an index is entered behind its only key frame
		picture, err = t.picture(ctx, p.posterFrom(in, 0))
	}
	if err != nil {
		return err
	}
	return metadata.SetPoster(ctx, t.Files, t.Metadata, a.ID, metadata.Poster{Picture: picture, Revision: a.Revision, Prefix: prefix})
}

// picture is what a command for a poster makes.
func (t *Transcoder) picture(ctx context.Context, cmd *ffmpeg.Command) (picture []byte, err error) {
	res, err := t.Programs.Run(ctx, cmd)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Close()) }()
	return readLimited(filepath.Join(res.Dir, PosterFile), metadata.MaxPosterBytes)
}
