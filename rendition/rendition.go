// Package rendition adds files to an asset that show the same as its source in
// another size or coding, so that players switch between them. It belongs to no
// service: uploads and transcoders use it alike.
//
// Only the video of such a file plays; what is heard with it is the source's. Sound
// of the source in another coding is a file without video (File.Sound): each track
// has the ID of the source's that it sounds as. A video
// has to have key frames at the moments at which segments of the source begin
// (ffmpeg -force_key_frames source), the shape of the source's picture, and its
// length. Its first picture is shown when the source's first one is.
//
// Thumbnails, which show the same as well, are kept by SetThumbnails.
package rendition

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// ErrNoSource means that the asset does not play: there is nothing that a file
// could be a rendition of.
var ErrNoSource error = problem.NewKind(http.StatusConflict, "no-source", "The asset has nothing to add a rendition to")

// A File is what is to be added.
type File struct {
	Name   string // of the rendition: see metadata.IsRenditionName
	Key    string // where it lies, below "assets/{id}/"; it stays there
	Index  string // where its index is to be kept, below the same; what lies there is replaced
	SHA256 string // lower-case hex; "" when it was not computed
	Sound  bool   // it is the sound of the source in another coding; default: a video
	Growth string // the upload with which it grew, see metadata.Asset.Grow; "" where it was whole when it came

	// Cut is how the source is cut where its stored index is missing or damaged:
	// what upload.Options and hls.Options were given; default media.DefaultTarget.
	Cut media.Cut
}

// Prepare reads a file, stores its index, and returns the row that SetRendition
// of a takes. It holds for the revision of a alone.
//
// Errors match media.ErrRendition where the file does not fit, the other errors
// of media.Parse about it, ErrNoSource, or are those of the store and ctx.
func Prepare(ctx context.Context, files storage.Store, a *metadata.Asset, f File) (metadata.Rendition, error) {
	r := metadata.Rendition{Name: f.Name, State: metadata.Ready, Source: f.Key, Index: f.Index, SHA256: f.SHA256, Growth: f.Growth}
	if err := metadata.CheckRenditionName(f.Name); err != nil {
		return r, err
	}
	source, err := sourceOf(ctx, files, a, f.Cut)
	if err != nil {
		return r, err
	}
	index, err := parse(ctx, files, f.Key, &media.Options{RenditionOf: source})
	if err != nil {
		return r, err
	}
	t := index.Tracks[0]
	if sound := t.Kind == media.Audio; sound != f.Sound {
		return r, problem.Errorf(media.ErrRendition, "%s", map[bool]string{true: "the file has no video", false: "the file has video, and is to be sound"}[sound])
	}
	r.Width, r.Height, r.Codec, r.Size, r.Bitrate = t.Width, t.Height, t.Codec, index.Size, Bitrate(t)
	r.Revision = index.Revision(r.SourceID(a.Revision))
	return r, store(ctx, files, f.Index, index)
}

// Add adds a file to an asset, in place of the rendition that has its name. What
// that was made of, metadata.RemoveFiles removes. Errors are those of Prepare and
// of the store; where there is one, the asset is as it was.
func Add(ctx context.Context, files storage.Store, meta metadata.Store, assetID string, f File) error {
	for range attempts {
		a, err := meta.Asset(ctx, assetID)
		if err != nil {
			return fmt.Errorf("rendition: reading asset %s: %w", assetID, err)
		}
		r, err := Prepare(ctx, files, a, f)
		if err != nil {
			return fmt.Errorf("rendition: reading %s for asset %s: %w", f.Key, assetID, err)
		}
		err = meta.Update(ctx, func(tx metadata.Tx) error { return join(ctx, tx, assetID, a.Revision, r) })
		if !errors.Is(err, errMoved) {
			return err
		}
	}
	return problem.Errorf(ErrNoSource, "the source of asset %s changes too often", assetID)
}

// attempts is how often a file is held against a source that changes meanwhile.
const attempts = 3

var errMoved = errors.New("the asset has another source by now")

func join(ctx context.Context, tx metadata.Tx, assetID, revision string, r metadata.Rendition) error {
	a, err := tx.Asset(ctx, assetID)
	if err != nil {
		return err
	}
	if a.Revision != revision {
		return errMoved
	}
	old, err := a.SetRendition(r)
	if err != nil {
		return err
	}
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	e := &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Data: map[string]any{"rendition": r.Name}}
	if old.Source != r.Source {
		if err := metadata.Release(ctx, tx, a.ID, old.Source); err != nil {
			return err
		}
		e.Data["keys"] = old.Keys()
	}
	return tx.Emit(ctx, e)
}

// sourceOf is the index of what an asset plays: as it is stored, or made anew.
func sourceOf(ctx context.Context, files storage.Store, a *metadata.Asset, cut media.Cut) (*media.Index, error) {
	if !a.Playable || a.Source == "" {
		return nil, problem.Errorf(ErrNoSource, "the asset does not play yet, so nothing can be a rendition of it")
	}
	index, err := read(ctx, files, a.Index)
	if errors.Is(err, media.ErrIndex) || errors.Is(err, storage.ErrNotFound) {
		return parse(ctx, files, a.Source, &media.Options{Cut: cut})
	}
	return index, err
}

func read(ctx context.Context, files storage.Store, key string) (*media.Index, error) {
	if key == "" {
		return nil, media.ErrIndex
	}
	blob, err := files.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	return media.Read(blob, blob.Info().Size)
}

func parse(ctx context.Context, files storage.Store, key string, o *media.Options) (*media.Index, error) {
	blob, err := files.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	_, local := files.(storage.FileOpener)
	o.Remote = !local
	return media.Parse(ctx, blob, blob.Info().Size, o)
}

// store writes the index, in place of what an earlier attempt may have left.
func store(ctx context.Context, files storage.Store, key string, index *media.Index) error {
	draft, err := files.Create(ctx, key)
	if errors.Is(err, storage.ErrExists) {
		if err := files.Delete(ctx, key); err != nil {
			return err
		}
		draft, err = files.Create(ctx, key)
	}
	if err != nil {
		return err
	}
	defer draft.Close() //nolint:errcheck // after Commit nothing is left to fail, before it that error counts
	if _, err := index.WriteTo(draft); err != nil {
		return err
	}
	return draft.Commit(ctx)
}

// Bitrate is the average bit rate of a track, in bits a second.
func Bitrate(t *media.Track) int64 {
	bytes := int64(0)
	for _, s := range t.Segments {
		bytes += s.Bytes
	}
	seconds := float64(t.Duration) / float64(max(t.Timescale, 1))
	if seconds <= 0 {
		return 0
	}
	return int64(float64(bytes) * 8 / seconds)
}
