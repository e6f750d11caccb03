package postgres_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
)

func sharedLog(t *testing.T, dsn string) (metadata.Store, events.Shared) {
	t.Helper()
	s := open(t, dsn).Metadata()
	log, ok := s.Events().(events.Shared)
	if !ok {
		t.Fatalf("%T is not shared", s.Events())
	}
	return s, log
}

// listener hears on a Log until the test ends.
func listener(t *testing.T, log events.Shared, who string) (heard chan events.Event, woken chan struct{}) {
	t.Helper()
	heard, woken = make(chan events.Event, 10), make(chan struct{}, 10)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- log.Listen(ctx, who, func(e events.Event) { heard <- e }, func() { woken <- struct{}{} })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err == nil {
			t.Error("Listen ended without an error")
		}
	})
	within(t, woken) // it listens
	return heard, woken
}

func within[T any](t *testing.T, c chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Minute):
		t.Fatal("nothing is heard")
	}
	return v
}

func TestProcessesHearOfEachOther(t *testing.T) {
	dsn := pgtest.Database(t)
	_, one := sharedLog(t, dsn)
	store, two := sharedLog(t, dsn)
	heard, woken := listener(t, one, "one")
	_, own := listener(t, two, "two")

	if err := store.Update(t.Context(), func(tx metadata.Tx) error {
		for range 3 {
			if _, err := emit(t.Context(), tx); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	within(t, woken)
	within(t, own)

	far := events.Event{Type: events.TranscodeProgress, Time: time.Unix(1, 0).UTC(), Owner: "ann", Asset: "a", Data: map[string]any{"percent": 12.5}, Aside: json.RawMessage(`{"from":"x"}`)}
	large := events.Event{Type: events.JobChanged, Owner: "ann", Data: map[string]any{"progress": strings.Repeat("x", 9000)}}
	if err := one.Tell(t.Context(), "one", []events.Event{far}); err != nil { // which one itself does not hear
		t.Fatal(err)
	}
	if err := two.Tell(t.Context(), "two", []events.Event{large, {Type: events.JobChanged, Owner: "bob"}, far}); err != nil {
		t.Fatal(err)
	}
	if e := within(t, heard); e.Type != events.JobChanged || e.Owner != "bob" {
		t.Errorf("heard %+v", e)
	}
	if e := within(t, heard); e.Owner != far.Owner || e.Asset != far.Asset || !e.Time.Equal(far.Time) || e.Data["percent"] != 12.5 || string(e.Aside) != string(far.Aside) {
		t.Errorf("heard %+v, told %+v", e, far)
	}
	if len(woken) > 0 {
		t.Error("a transaction of three events woke more than once")
	}
}

func TestEventsAreReadFromAnyPlaceByAnyProcess(t *testing.T) {
	dsn := pgtest.Database(t)
	store, one := sharedLog(t, dsn)
	_, two := sharedLog(t, dsn)
	if last, err := one.Last(t.Context()); err != nil || last != 0 {
		t.Errorf("the last of none is %d, %v", last, err)
	}
	var ids []int64
	for range 3 {
		if err := store.Update(t.Context(), func(tx metadata.Tx) error {
			id, err := emit(t.Context(), tx)
			ids = append(ids, id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Delivered(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	if last, err := two.Last(t.Context()); err != nil || last != ids[2] {
		t.Errorf("the last is %d, want %d, %v", last, ids[2], err)
	}
	if list, err := two.Since(t.Context(), ids[0], 1); err != nil || len(list) != 1 || list[0].ID != ids[1] {
		t.Errorf("after %d comes %+v, %v", ids[0], list, err)
	}
}

func TestOneProcessLeads(t *testing.T) {
	dsn := pgtest.Database(t)
	_, one := sharedLog(t, dsn)
	_, two := sharedLog(t, dsn)
	ctx := t.Context()
	for _, step := range []struct {
		log   events.Shared
		who   string
		lease time.Duration
		want  bool
	}{
		{one, "one", time.Hour, true},
		{two, "two", time.Hour, false},
		{one, "one", -time.Second, true}, // its lease has been over for a second
		{two, "two", time.Hour, true},
		{one, "one", time.Hour, false},
	} {
		if leads, err := step.log.Lead(ctx, step.who, step.lease); err != nil || leads != step.want {
			t.Errorf("%+v: %v, %v", step, leads, err)
		}
	}
	if err := one.Resign(ctx, "one"); err != nil { // which it does not have
		t.Fatal(err)
	}
	if leads, err := one.Lead(ctx, "one", time.Hour); err != nil || leads {
		t.Errorf("it leads by resigning: %v, %v", leads, err)
	}
	if err := two.Resign(ctx, "two"); err != nil {
		t.Fatal(err)
	}
	if leads, err := one.Lead(ctx, "one", time.Hour); err != nil || !leads {
		t.Errorf("nobody leads, and it does not: %v, %v", leads, err)
	}
}

func TestOneProcessHasAClaim(t *testing.T) {
	dsn := pgtest.Database(t)
	one, two := metadata.ClaimerOf(open(t, dsn).Metadata()), metadata.ClaimerOf(open(t, dsn).Metadata())
	if one == nil || two == nil {
		t.Fatal("the store is not one of several processes")
	}
	ctx := t.Context()
	for _, step := range []struct {
		on    metadata.Claimer
		name  string
		who   string
		lasts time.Duration
		want  bool
	}{
		{one, "x", "one", time.Hour, true},
		{two, "x", "two", time.Hour, false},
		{two, "y", "two", time.Hour, true},
		{one, "x", "one", -time.Second, true}, // it has been over for a second
		{two, "x", "two", time.Hour, true},
		{one, "x", "one", time.Hour, false},
	} {
		if ours, err := step.on.Claim(ctx, step.name, step.who, step.lasts); err != nil || ours != step.want {
			t.Errorf("%+v: %v, %v", step, ours, err)
		}
	}
	if err := one.Release(ctx, "x", "one"); err != nil { // which it does not have
		t.Fatal(err)
	}
	if ours, err := one.Claim(ctx, "x", "one", time.Hour); err != nil || ours {
		t.Errorf("it is its own by a release: %v, %v", ours, err)
	}
	if err := two.Release(ctx, "x", "two"); err != nil {
		t.Fatal(err)
	}
	if ours, err := one.Claim(ctx, "x", "one", time.Hour); err != nil || !ours {
		t.Errorf("it is nobody's, and not to be had: %v, %v", ours, err)
	}
}
