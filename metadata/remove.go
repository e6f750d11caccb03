package metadata

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/storage"
)

// RemoveFiles returns what has to follow events.AssetDeleted: it removes what a
// deleted asset left in files, and may be called again until it returns nil, so
// that a crash half-way leaves nothing behind. Give it to an events.Dispatcher
// over store.Events().
func RemoveFiles(store Store, files storage.Store) func(context.Context, events.Event) error {
	return func(ctx context.Context, e events.Event) error {
		if !IsID(e.Asset) {
			return fmt.Errorf("metadata: event %d deletes the asset %q, which is no id", e.ID, e.Asset)
		}
		if _, err := store.Asset(ctx, e.Asset); !errors.Is(err, ErrNotFound) {
			return errors.Join(err, fmt.Errorf("metadata: asset %s is said to be deleted and is not known to be", e.Asset))
		}
		keys, _ := e.Data["keys"].([]any)
		for _, k := range append(keys, prefixOf(e.Asset)) {
			key, ok := k.(string)
			if !ok {
				continue
			}
			if err := removeKey(ctx, files, key, e.Asset); err != nil {
				return fmt.Errorf("metadata: removing what asset %s leaves: %w", e.Asset, err)
			}
		}
		return nil
	}
}

// prefixOf begins the storage keys of all that belongs to an asset alone.
func prefixOf(assetID string) string { return "assets/" + assetID + "/" }

// removeKey removes a key, or all below a prefix where that is the asset's own.
func removeKey(ctx context.Context, files storage.Store, key, asset string) error {
	switch {
	case key == prefixOf(asset):
		return errors.Join(removeAll(ctx, files, files.Drafts(ctx, key)), removeAll(ctx, files, files.List(ctx, key)))
	case strings.HasSuffix(key, "/"):
		return nil
	}
	return files.Delete(ctx, key)
}

// removeAll collects the keys first: what a store lists while things are
// deleted is its own affair.
func removeAll(ctx context.Context, files storage.Store, list iter.Seq2[storage.Info, error]) error {
	var keys []string
	for info, err := range list {
		if err != nil {
			return err
		}
		keys = append(keys, info.Key)
	}
	for _, key := range keys {
		if err := files.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
