package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Entry is an Event as it stands in a file.
type Entry struct {
	Seq   uint64 // its number in the log, from 1 on, without gaps
	Event        // numbers among the details are Int64, Uint64 or Float64, objects groups, lists []any
}

// ParseEntry reads a line of an audit file, with or without its line end. A line
// that is no event is an error.
func ParseEntry(line []byte) (Entry, error) {
	var raw struct {
		Seq       *uint64         `json:"seq"`
		Time      time.Time       `json:"time"`
		Actor     string          `json:"actor"`
		Address   string          `json:"address"`
		Action    string          `json:"action"`
		Resource  string          `json:"resource"`
		Outcome   Outcome         `json:"outcome"`
		RequestID string          `json:"request_id"`
		TraceID   string          `json:"trace_id"`
		Details   json.RawMessage `json:"details"`
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return Entry{}, fmt.Errorf("audit: a line that is no event: %w", err)
	}
	if raw.Seq == nil {
		return Entry{}, errors.New("audit: a line that is no event")
	}
	details, err := parseDetails(raw.Details)
	if err != nil {
		return Entry{}, fmt.Errorf("audit: the details of event %d: %w", *raw.Seq, err)
	}
	return Entry{Seq: *raw.Seq, Event: Event{
		Time: raw.Time, Actor: raw.Actor, Address: raw.Address, Action: raw.Action, Resource: raw.Resource,
		Outcome: raw.Outcome, RequestID: raw.RequestID, TraceID: raw.TraceID, Details: details,
	}}, nil
}

// parseDetails reads an object whose order stays.
func parseDetails(raw json.RawMessage) ([]slog.Attr, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("they are no object")
	}
	return parseMembers(d)
}

// parseMembers reads what follows a {.
func parseMembers(d *json.Decoder) ([]slog.Attr, error) {
	var attrs []slog.Attr
	for {
		name, err := d.Token()
		if err != nil {
			return nil, unexpected(err)
		}
		if name == json.Delim('}') {
			return attrs, nil
		}
		key, _ := name.(string) // nothing else can be there
		value, err := parseValue(d)
		if err != nil {
			return nil, err
		}
		attrs = append(attrs, slog.Attr{Key: key, Value: value})
	}
}

func parseValue(d *json.Decoder) (slog.Value, error) {
	t, err := d.Token()
	if err != nil {
		return slog.Value{}, unexpected(err)
	}
	switch t := t.(type) {
	case json.Number:
		return numberValue(string(t)), nil
	case json.Delim:
		if t == '[' {
			return parseList(d)
		}
		members, err := parseMembers(d)
		if len(members) == 0 {
			return slog.AnyValue(map[string]any{}), err
		}
		return slog.GroupValue(members...), err
	}
	return slog.AnyValue(t), nil
}

// parseList reads what follows a [.
func parseList(d *json.Decoder) (slog.Value, error) {
	values := []any{}
	for d.More() {
		v, err := parseValue(d)
		if err != nil {
			return slog.Value{}, err
		}
		if v.Kind() == slog.KindGroup {
			values = append(values, v.Group())
		} else {
			values = append(values, v.Any())
		}
	}
	_, err := d.Token()
	return slog.AnyValue(values), unexpected(err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
