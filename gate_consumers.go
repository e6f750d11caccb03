package streamgate

import (
	"context"
	"errors"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

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

// logFailed says in the log why an asset will not play. The upload itself may
// well have been answered with success.
func (g *Gate) logFailed(ctx context.Context, e events.Event) error {
	about := []any{"asset", e.Asset, "upload", e.Upload, "reason", e.Data["error"]}
	if e.RequestID != "" { // what fails in the background is of no request
		about = append(about, "request_id", e.RequestID)
	}
	g.o.logger.WarnContext(ctx, "an asset will not play", about...)
	return nil
}

// seen lets playback, who reads what is known of an asset, and who follows a transcode
// see at once what became of it, in whatever process that was.
func (g *Gate) seen(e events.Event) {
	if g.coder != nil {
		g.coder.Seen(e)
	}
	switch e.Type {
	case events.AssetReady, events.AssetUpdated, events.AssetSettled, events.AssetDeleted:
		g.caches.assets.Delete(e.Asset)
		g.player.Forget(e.Asset)
	}
}

// heard shows what another process has published.
func (g *Gate) heard(e events.Event, show func(events.Event)) {
	if g.coder == nil {
		show(e)
		return
	}
	g.coder.Heard(e, show)
}
