package events_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
)

func TestJoinTellsAllUntilOneRefuses(t *testing.T) {
	refusal := errors.New("the audit log is full")
	var told []string
	record := func(name string, err error) events.Recorder {
		return events.RecorderFunc(func(context.Context, events.Event) error {
			told = append(told, name)
			return err
		})
	}
	err := events.Join(record("a", nil), nil, record("b", refusal), record("c", nil)).Record(t.Context(), events.Event{})
	if !errors.Is(err, refusal) {
		t.Errorf("got %v, want %v", err, refusal)
	}
	if diff := cmp.Diff([]string{"a", "b"}, told); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDiscardRefusesNothing(t *testing.T) {
	if err := events.Discard().Record(t.Context(), events.Event{}); err != nil {
		t.Error(err)
	}
}

func ExampleOnly() {
	show := events.RecorderFunc(func(_ context.Context, e events.Event) error {
		fmt.Println(e.Type)
		return nil
	})
	r := events.Only(show, events.UploadProgress)
	_ = r.Record(context.Background(), events.Event{Type: events.UploadProgress})
	_ = r.Record(context.Background(), events.Event{Type: events.AssetReady})
	// Output: upload.progress
}
