package audit

import (
	"context"
	"log/slog"
)

// A Sink keeps events. It is called concurrently and keeps neither e nor line,
// nor changes them. When Append returns nil the event is as safe as the sink makes it.
type Sink interface {
	// Append keeps e, of which line is the JSON (see Event.AppendJSON) with a
	// line feed at its end. An error says that it is not kept, or that nobody
	// knows; the Policy of the Log decides what follows. It ends when ctx does.
	Append(ctx context.Context, e *Event, line []byte) error
}

// ToHandler returns a Sink that hands events to h, at level Info, and at Warn
// where the outcome is not Success: the action as message, the rest as attributes
// called as in the JSON. Secrets and credentials are redacted here too.
func ToHandler(h slog.Handler) Sink { return handlerSink{h} }

type handlerSink struct{ handler slog.Handler }

func (s handlerSink) Append(ctx context.Context, e *Event, _ []byte) error {
	level := slog.LevelInfo
	if e.Outcome != Success && e.Outcome != "" {
		level = slog.LevelWarn
	}
	if !s.handler.Enabled(ctx, level) {
		return nil
	}
	r := slog.NewRecord(e.Time, level, clean(e.Action), 0)
	for _, f := range [...]struct{ name, value string }{
		{"actor", e.Actor},
		{"address", e.Address},
		{"resource", e.Resource},
		{"outcome", string(e.Outcome)},
		{"request_id", e.RequestID},
		{"trace_id", e.TraceID},
	} {
		if f.value != "" {
			r.AddAttrs(slog.String(f.name, clean(f.value)))
		}
	}
	if len(e.Details) > 0 {
		details, err := cleanDetails(e)
		if err != nil {
			return err
		}
		r.AddAttrs(slog.Attr{Key: "details", Value: slog.GroupValue(details...)})
	}
	return s.handler.Handle(ctx, r)
}
