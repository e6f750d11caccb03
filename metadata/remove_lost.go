package metadata

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/storage"
)

// lostAfter is how old a file is that no asset refers to, until it is certain
// that none will: its request has ended long ago.
const lostAfter = time.Hour

// removeLost removes what a crash has left between the writing of a file and of its
// row, when the captions or the poster of that asset change the next time.
func removeLost(ctx context.Context, store Store, files storage.Store, e events.Event) error {
	var prefix string
	switch {
	case !IsID(e.Asset):
		return nil
	case e.Data["caption"] != nil:
		prefix = captionsOf(e.Asset)
	case e.Data["poster"] != nil:
		prefix = postersOf(e.Asset)
	default:
		return nil
	}
	used, err := usedBy(ctx, store, e.Asset)
	if err != nil {
		return fmt.Errorf("metadata: reading what asset %s uses: %w", e.Asset, err)
	}
	lost := func(yield func(storage.Info, error) bool) {
		for _, list := range []iter.Seq2[storage.Info, error]{files.Drafts(ctx, prefix), files.List(ctx, prefix)} {
			for info, err := range list {
				if (err != nil || !used(info.Key) && time.Since(info.ModTime) > lostAfter) && !yield(info, err) {
					return
				}
			}
		}
	}
	if err := removeAll(ctx, files, lost); err != nil {
		return fmt.Errorf("metadata: removing what asset %s does not use: %w", e.Asset, err)
	}
	return nil
}
