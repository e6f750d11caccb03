package metadata

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/storage"
)

// RemoveFiles returns what has to follow events.AssetDeleted, which leaves
// nothing of an asset, and events.AssetReplaced, events.AssetSettled,
// events.AssetUpdated and those of the end of an upload, which leave the files that they name: it removes those
// from files. All other events pass. It may be called again until it returns nil, so that a crash half-way
// leaves nothing behind. Give it to an events.Dispatcher over store.Events().
func RemoveFiles(store Store, files storage.Store) func(context.Context, events.Event) error {
	return func(ctx context.Context, e events.Event) error {
		switch e.Type {
		case events.AssetDeleted:
			return removeDeleted(ctx, store, files, e)
		case events.AssetReplaced, events.AssetSettled, events.UploadComplete, events.UploadCanceled, events.UploadRefused:
			return removeReplaced(ctx, store, files, e)
		case events.AssetUpdated:
			if err := removeReplaced(ctx, store, files, e); err != nil {
				return err
			}
			return removeLost(ctx, store, files, e)
		}
		return nil
	}
}

func removeDeleted(ctx context.Context, store Store, files storage.Store, e events.Event) error {
	if !IsID(e.Asset) {
		return fmt.Errorf("metadata: event %d deletes the asset %q, which is no id", e.ID, e.Asset)
	}
	if _, err := store.Asset(ctx, e.Asset); !errors.Is(err, ErrNotFound) {
		return errors.Join(err, fmt.Errorf("metadata: asset %s is said to be deleted and is not known to be", e.Asset))
	}
	for _, key := range append(keysOf(e), prefixOf(e.Asset)) {
		if err := removeKey(ctx, files, key, e.Asset); err != nil {
			return fmt.Errorf("metadata: removing what asset %s leaves: %w", e.Asset, err)
		}
	}
	return nil
}

// removeReplaced removes the keys that the event names, but for those that
// something refers to all the same.
func removeReplaced(ctx context.Context, store Store, files storage.Store, e events.Event) error {
	keys := keysOf(e)
	if len(keys) == 0 {
		return nil
	}
	used, err := usedBy(ctx, store, e.Asset)
	if err != nil {
		return fmt.Errorf("metadata: reading what asset %s uses: %w", e.Asset, err)
	}
	for _, key := range keys {
		if strings.HasSuffix(key, "/") || used(key) {
			continue
		}
		part, err := partUsed(ctx, store, key)
		if err != nil {
			return fmt.Errorf("metadata: reading whose %s is: %w", key, err)
		}
		if part {
			continue
		}
		if err := files.Delete(ctx, key); err != nil {
			return fmt.Errorf("metadata: removing what event %d leaves: %w", e.ID, err)
		}
	}
	return nil
}

// usedBy says of a key whether the asset, or an upload of it that is open or
// complete, refers to it or to something beside it. A deleted asset uses nothing.
func usedBy(ctx context.Context, store Store, id string) (func(key string) bool, error) {
	a, err := store.Asset(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return func(string) bool { return false }, nil
	}
	if err != nil {
		return nil, err
	}
	uploads, err := store.UploadsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	own := []string{a.Source, a.Kept(), a.Index, a.Poster}
	for _, c := range a.Captions {
		own = append(own, c.Key)
	}
	own = append(own, a.Thumbnails.Keys()...)
	for _, r := range a.Renditions {
		own = append(own, r.Source, r.Index, r.Kept())
	}
	var beside []string
	for _, u := range uploads {
		if u.Key != "" && (u.State == UploadOpen || u.State == UploadComplete || u.State == UploadTranscoding) {
			own, beside = append(own, u.Key), append(beside, path.Dir(u.Key)+"/")
		}
	}
	return func(key string) bool {
		return slices.Contains(own, key) || slices.ContainsFunc(beside, func(dir string) bool { return strings.HasPrefix(key, dir) })
	}, nil
}

// PartPrefix begins the storage keys of parts (see Upload.Part): after it come
// the id of the upload and a slash.
const PartPrefix = "parts/"

// partUsed says of a key whether a part refers to it.
func partUsed(ctx context.Context, store Store, key string) (bool, error) {
	rest, ok := strings.CutPrefix(key, PartPrefix)
	if !ok {
		return false, nil
	}
	id, _, _ := strings.Cut(rest, "/")
	u, err := store.Upload(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && u.Key == key, err
}

// keysOf are the keys that an event names.
func keysOf(e events.Event) []string {
	list, _ := e.Data["keys"].([]any)
	var keys []string
	for _, k := range list {
		if key, ok := k.(string); ok {
			keys = append(keys, key)
		}
	}
	return keys
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
