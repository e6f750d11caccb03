package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/requestid"
)

// RecorderOptions are the options of NewRecorder. A nil *RecorderOptions is the defaults.
type RecorderOptions struct {
	// Types are the events that are recorded. Default: all but upload.progress.
	Types []events.Type
}

// NewRecorder returns a Recorder for services that writes what they report to
// log. The type of an event is the action; the actor is the event's or the
// principal of the context, the request id the event's or the context's, address
// and trace id those that Middleware found. The outcome is Refused for types that
// end with .refused, Failure for .failed, Success for the rest. The upload of an
// event that has an asset too, its owner and its Data are details. An error
// matches ErrUnavailable and refuses the request.
func NewRecorder(log *Log, o *RecorderOptions) (events.Recorder, error) {
	if log == nil {
		return nil, errors.New("audit: NewRecorder needs a Log")
	}
	record := events.RecorderFunc(func(ctx context.Context, e events.Event) error {
		return log.Record(ctx, fromEvent(ctx, &e))
	})
	if o != nil && len(o.Types) > 0 {
		return events.Only(record, o.Types...), nil
	}
	return events.RecorderFunc(func(ctx context.Context, e events.Event) error {
		if e.Type == events.UploadProgress {
			return nil
		}
		return record(ctx, e)
	}), nil
}

func fromEvent(ctx context.Context, e *events.Event) Event {
	origin := FromContext(ctx)
	a := Event{
		Time: e.Time, Action: string(e.Type), Outcome: outcomeOf(e.Type),
		Actor: cmp.Or(e.Actor, auth.FromContext(ctx).ID), Address: origin.Address,
		RequestID: cmp.Or(e.RequestID, requestid.FromContext(ctx)), TraceID: origin.TraceID,
	}
	switch {
	case e.Asset != "":
		a.Resource = "asset/" + e.Asset
		if e.Upload != "" {
			a.Details = append(a.Details, slog.String("upload", e.Upload))
		}
	case e.Upload != "":
		a.Resource = "upload/" + e.Upload
	case e.Data["job"] != nil:
		a.Resource = fmt.Sprint("job/", e.Data["job"])
	}
	if e.Owner != "" && e.Owner != a.Actor {
		a.Details = append(a.Details, slog.String("owner", e.Owner))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Data)) {
		a.Details = append(a.Details, slog.Any(name, e.Data[name]))
	}
	return a
}

func outcomeOf(t events.Type) Outcome {
	switch {
	case strings.HasSuffix(string(t), ".refused"):
		return Refused
	case strings.HasSuffix(string(t), ".failed"):
		return Failure
	}
	return Success
}
