package upload

import (
	"context"
	"errors"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
)

// inspectRendition has a file play beside the source of its asset, or fails the
// upload alone, with the reason.
func (c *Completed) inspectRendition(ctx context.Context) error {
	u := c.Upload
	for range changeAttempts {
		a, err := c.Meta.Asset(ctx, u.Asset)
		if err != nil {
			return err
		}
		r, err := rendition.Prepare(ctx, c.Files, a, rendition.File{
			Name: u.Rendition, Key: u.Key, Index: IndexKey(u.Asset, u.ID), SHA256: u.SHA256, Cut: c.Cut,
		})
		if aboutFile(err) || errors.Is(err, media.ErrRendition) || errors.Is(err, rendition.ErrNoSource) || errors.Is(err, metadata.ErrInvalid) {
			return c.reject(ctx, sentence(err))
		}
		if err != nil {
			return err
		}
		if err = c.join(ctx, r, a.Revision); !errors.Is(err, errMoved) {
			return err
		}
	}
	return errMoved
}

// join writes down what plays from now on. errMoved where the source is no more
// the one that the file was cut after.
func (c *Completed) join(ctx context.Context, r metadata.Rendition, revision string) error {
	var refused error
	err := c.change(ctx, map[string]any{"rendition": r.Name}, func(f *family) events.Type {
		a := f.asset
		if refused = nil; a.Revision != revision {
			refused = errMoved
			return ""
		}
		old, err := a.SetRendition(r)
		if err != nil {
			refused = err
			return ""
		}
		f.release(&old)
		a.State = f.without()
		return events.AssetUpdated
	})
	if errors.Is(refused, metadata.ErrInvalid) && err == nil {
		return c.reject(ctx, sentence(refused))
	}
	return errors.Join(err, refused)
}

// release lets go of what a rendition was made of.
func (f *family) release(r *metadata.Rendition) {
	if r.Source == "" || r.Source == f.own.Key {
		return
	}
	f.leave(r.Source, r.Index, r.Settling.Original)
	for _, u := range f.others {
		if u.Key == r.Source {
			u.Key = ""
			f.changed = append(f.changed, u)
		}
	}
}

// releaseAll lets go of all that plays beside a source that goes: nothing else
// can be cut where that was, nor shows what it showed.
func (f *family) releaseAll() {
	for i := range f.asset.Renditions {
		f.release(&f.asset.Renditions[i])
	}
	f.asset.Renditions = nil
	f.leave(f.asset.Thumbnails.Keys()...)
	f.asset.Thumbnails = nil
	if f.asset.Poster != "" && f.asset.PosterSent() == 0 {
		f.leave(f.asset.Poster)
		f.asset.Poster = ""
	}
}
