package metrics

import (
	"context"
	"strings"

	"github.com/streamgate/streamgate/events"
)

// assetEvents are those of assets that are counted.
var assetEvents = []string{"created", "updated", "ready", "failed", "replaced", "settled", "unsettled", "deleted"}

// protocols of uploads that have series of their own.
var protocols = map[string]bool{"tus": true, "ietf": true, "body": true, "form": true}

// transcodeEvents are those of transcodes that are counted.
var transcodeEvents = map[events.Type]string{
	events.TranscodeSubmitted: "submitted", events.TranscodeDone: "done", events.TranscodeFailed: "failed", events.TranscodeCanceled: "canceled",
}

// failureClasses are what may be the matter with a transcode: what ended ffmpeg, and
// what is none of its.
var failureClasses = map[string]bool{
	"broken-input": true, "unsupported": true, "memory": true, "disk-full": true, "output-limit": true, "time-limit": true,
	"stuck": true, "cancelled": true, "crashed": true, "failed": true,
	"source": true, "profile": true, "build": true, "output": true, "lost": true,
}

// RecordTranscode counts what happened to a transcode, as Record does other events.
// Put it behind the outbox alone: the recorder of the services is told only of what
// somebody asks for.
func (g *Gate) RecordTranscode(_ context.Context, e events.Event) error {
	what, ok := transcodeEvents[e.Type]
	if !ok {
		return nil
	}
	g.Transcodes.With(what).Inc()
	if seconds, ok := number(e.Data["seconds"]); ok && e.Type == events.TranscodeDone {
		g.TranscodeDuration.Observe(seconds)
	}
	if e.Type == events.TranscodeFailed {
		class, _ := e.Data["class"].(string)
		if !failureClasses[class] {
			class = Other
		}
		g.TranscodeFailures.With(class).Inc()
	}
	return nil
}

// Record counts an event; it refuses none. Put it behind the recorder of the
// services, and behind the outbox for events.AssetReplaced, of which the recorder
// is not told. An event is counted as often as it is told.
func (g *Gate) Record(_ context.Context, e events.Event) error {
	switch e.Type {
	case events.UploadCreated:
		g.created(e)
	case events.UploadComplete:
		g.UploadsCompleted.Inc()
		if size, ok := number(e.Data["size"]); ok {
			g.UploadSize.Observe(size)
		}
		if seconds, ok := number(e.Data["seconds"]); ok {
			g.UploadDuration.Observe(seconds)
		}
	case events.UploadCanceled:
		g.UploadsCanceled.Inc()
	case events.UploadRefused:
		g.UploadsRefused.Inc()
	case events.KeyServed:
		g.KeysServed.Inc()
	case events.AssetSearched:
		if n, ok := number(e.Data["results"]); ok {
			g.SearchResults.Observe(n)
		}
	default:
		if what, ok := strings.CutPrefix(string(e.Type), "asset."); ok && g.assets[what] != nil {
			g.assets[what].Inc()
			g.settled(e)
		}
	}
	return nil
}

func (g *Gate) settled(e events.Event) {
	if n, ok := number(e.Data["bytes"]); ok && e.Type == events.AssetSettled {
		g.SettledBytes.Add(int64(n))
	}
}

func (g *Gate) created(e events.Event) {
	protocol, _ := e.Data["protocol"].(string)
	if !protocols[protocol] {
		protocol = Other
	}
	g.UploadsCreated.With(protocol).Inc()
}

// number reads what was a Go value, or came out of JSON.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
