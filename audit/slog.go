package audit

import (
	"context"
	"log/slog"
	"slices"
)

// Handler returns a slog.Handler that records what is logged to it: the message
// is the action, the attributes actor, address, resource, outcome, request_id and
// trace_id outside of any group are the fields of that name, the rest are details.
// Level and source are not kept, and every level is enabled. The error of Handle
// is that of Log.Record, which slog.Logger does not return: who has to hear of it
// calls Record.
func (l *Log) Handler() slog.Handler { return &slogHandler{log: l} }

type slogHandler struct {
	log    *Log
	attrs  []slog.Attr // of before the first group, and the groups before the last
	groups []group     // open ones
}

// group is a group that is not complete.
type group struct {
	name  string
	attrs []slog.Attr
}

func (h *slogHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	c := &slogHandler{h.log, h.attrs, slices.Clone(h.groups)}
	if last := len(c.groups) - 1; last >= 0 {
		c.groups[last].attrs = append(slices.Clip(c.groups[last].attrs), attrs...)
	} else {
		c.attrs = append(slices.Clip(c.attrs), attrs...)
	}
	return c
}

func (h *slogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &slogHandler{h.log, h.attrs, append(slices.Clip(h.groups), group{name: name})}
}

// Handle implements slog.Handler.
func (h *slogHandler) Handle(ctx context.Context, r slog.Record) error {
	made := newRecording()
	defer made.forget()
	made.event.Time, made.event.Action = r.Time, r.Message
	inner := made.details[:0]
	if len(h.groups) > 0 {
		inner = append(inner, h.groups[len(h.groups)-1].attrs...)
	} else {
		inner = append(inner, h.attrs...)
	}
	r.Attrs(func(a slog.Attr) bool {
		inner = append(inner, a)
		return true
	})
	for i, g := range slices.Backward(h.groups) {
		inside := slog.Attr{Key: g.name, Value: slog.GroupValue(slices.Clone(inner)...)}
		inner = inner[:0]
		if i > 0 {
			inner = append(inner, h.groups[i-1].attrs...)
		} else {
			inner = append(inner, h.attrs...)
		}
		inner = append(inner, inside)
	}
	made.details = inner
	made.event.Details = slices.DeleteFunc(inner, made.event.take)
	return h.log.record(ctx, made)
}

// take moves an attribute to the field of its name, where there is one.
func (e *Event) take(a slog.Attr) bool {
	var field *string
	switch a.Key {
	case "actor":
		field = &e.Actor
	case "address":
		field = &e.Address
	case "resource":
		field = &e.Resource
	case "outcome":
		field = (*string)(&e.Outcome)
	case "request_id":
		field = &e.RequestID
	case "trace_id":
		field = &e.TraceID
	default:
		return false
	}
	switch v := a.Value.Resolve().Any().(type) {
	case string:
		*field = v
	case Outcome:
		*field = string(v)
	default:
		return false // by fmt, it could show what its JSON does not
	}
	return true
}
