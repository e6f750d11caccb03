package streamgate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/upload"
)

// removeBlobs removes every file of a deleted asset. It is called again until
// it returns nil, so that a crash half-way leaves nothing behind.
func (g *Gate) removeBlobs(ctx context.Context, e events.Event) error {
	if !metadata.IsID(e.Asset) {
		return fmt.Errorf("streamgate: event %d deletes the asset %q, which is no id", e.ID, e.Asset)
	}
	if _, err := g.meta.Asset(ctx, e.Asset); !errors.Is(err, metadata.ErrNotFound) {
		return errors.Join(err, fmt.Errorf("streamgate: asset %s is said to be deleted and is not known to be", e.Asset))
	}
	if err := g.removeLeft(ctx, assetPrefix(e.Asset), e.Data["keys"]); err != nil {
		return fmt.Errorf("streamgate: removing what asset %s leaves: %w", e.Asset, err)
	}
	return nil
}

// removeLeft removes what lies below the asset's prefix, whatever it is, and
// the keys elsewhere that metadata.DeletedEvent has named.
func (g *Gate) removeLeft(ctx context.Context, prefix string, named any) error {
	for _, list := range []listing{g.files.Drafts, g.files.List} {
		if err := g.removeAll(ctx, list, prefix); err != nil {
			return err
		}
	}
	keys, _ := named.([]any)
	for _, k := range keys {
		key, ok := k.(string)
		if !ok || strings.HasSuffix(key, "/") {
			continue // the prefix, of which there is only one
		}
		if err := g.files.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

type listing func(ctx context.Context, prefix string) iter.Seq2[storage.Info, error]

// removeAll collects the keys first: what a store lists while things are
// deleted is its own affair.
func (g *Gate) removeAll(ctx context.Context, list listing, prefix string) error {
	var keys []string
	for info, err := range list(ctx, prefix) {
		if err != nil {
			return err
		}
		keys = append(keys, info.Key)
	}
	for _, key := range keys {
		if err := g.files.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// assetPrefix begins the storage keys of all that belongs to an asset.
func assetPrefix(assetID string) string { return "assets/" + assetID + "/" }

// inspect is upload.Inspect, after which it looks whether the asset was deleted
// meanwhile: what was written since the event of its deletion would stay.
func (g *Gate) inspect(ctx context.Context, c *upload.Completed) error {
	if err := upload.Inspect(ctx, c); err != nil {
		return err
	}
	_, err := g.meta.Asset(ctx, c.Upload.Asset)
	if errors.Is(err, metadata.ErrNotFound) {
		return g.removeLeft(ctx, assetPrefix(c.Upload.Asset), nil)
	}
	return err
}

// tellReady calls the application. An asset that is gone meanwhile is no news.
func (g *Gate) tellReady(ctx context.Context, e events.Event) error {
	a, err := g.meta.Asset(ctx, e.Asset)
	if errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	g.o.onReady(ctx, a)
	return nil
}
