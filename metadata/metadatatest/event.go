package metadatatest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

var eventTests = []test{
	{"come back as they were emitted, oldest first", eventsComeBack},
	{"are pending until they are delivered", pendingUntilDelivered},
	{"of one owner are replayed after an id", replay},
	{"that are delivered and old are purged, and their ids do not come back", purge},
}

func eventsComeBack(t *testing.T, s metadata.Store) {
	at := time.Date(2020, 1, 2, 3, 4, 5, 6789, time.FixedZone("west", -3600))
	full := &events.Event{
		Type: events.AssetDeleted, Time: at, Owner: "ann", Actor: "bob", Asset: "a", Upload: "u", RequestID: "r",
		Data: map[string]any{"keys": []any{"assets/a/"}, "n": 1.5, "s": "<&>\n日本", "none": nil, "yes": true},
	}
	bare := &events.Event{Type: events.AssetCreated}
	emit(t, s, full, bare)
	if full.ID <= 0 || bare.ID <= full.ID {
		t.Errorf("ids %d, %d do not rise", full.ID, bare.ID)
	}
	equal(t, "a time that is given", full.Time, at.UTC().Truncate(time.Microsecond))
	if age := time.Since(bare.Time); age < 0 || age > time.Minute {
		t.Errorf("a time that is not given is %v, want now", bare.Time)
	}
	got, err := s.Events().Pending(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]events.Event{*full, *bare}, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
}

// some emits n events of each owner and returns their ids in order.
func some(t *testing.T, s metadata.Store, n int, owners ...string) map[string][]int64 {
	t.Helper()
	ids := map[string][]int64{}
	for range n {
		for _, owner := range owners {
			e := &events.Event{Type: events.AssetUpdated, Owner: owner}
			emit(t, s, e)
			ids[owner] = append(ids[owner], e.ID)
		}
	}
	return ids
}

func idsOf(list []events.Event) []int64 {
	var ids []int64
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

func pending(t *testing.T, log events.Log, limit int) []int64 {
	t.Helper()
	list, err := log.Pending(t.Context(), 0, limit)
	if err != nil {
		t.Fatal(err)
	}
	return idsOf(list)
}

func pendingUntilDelivered(t *testing.T, s metadata.Store) {
	log := s.Events()
	ids := some(t, s, 5, "ann")["ann"]
	equal(t, "the first two", pending(t, log, 2), ids[:2])
	for range 2 { // twice is no error, nor is an unknown id
		if err := log.Delivered(t.Context(), ids[0], ids[2], 1<<40); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "what is left", pending(t, log, 10), []int64{ids[1], ids[3], ids[4]})
	above, err := log.Pending(t.Context(), ids[1], 1)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the first above one", idsOf(above), []int64{ids[3]})
	if err := log.Delivered(t.Context()); err != nil {
		t.Errorf("nothing delivered: %v", err)
	}
}

func replay(t *testing.T, s metadata.Store) {
	log := s.Events()
	ids := some(t, s, 4, "ann", "bob")["ann"]
	if err := log.Delivered(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after int64
		limit int
		want  []int64
	}{
		{0, 10, ids}, {ids[0], 10, ids[1:]}, {ids[1] - 1, 2, ids[1:3]}, {ids[3], 10, nil}, {0, 0, nil},
	} {
		list, err := log.After(t.Context(), "ann", c.after, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "replay", idsOf(list), c.want)
	}
}

func purge(t *testing.T, s metadata.Store) {
	log := s.Events()
	ids := some(t, s, 4, "ann")["ann"]
	if err := log.Delivered(t.Context(), ids[1:]...); err != nil {
		t.Fatal(err)
	}
	purged := func(before time.Time, want int) {
		t.Helper()
		if n, err := log.Purge(context.WithoutCancel(t.Context()), before); err != nil || n != want {
			t.Errorf("Purge: %d, %v; want %d", n, err, want)
		}
	}
	purged(time.Now().Add(-time.Hour), 0)
	purged(time.Now().Add(time.Hour), 3)
	equal(t, "what is left", pending(t, log, 10), ids[:1])
	if err := log.Delivered(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	purged(time.Now().Add(time.Hour), 1)
	if next := some(t, s, 1, "ann")["ann"][0]; next <= ids[3] {
		t.Errorf("the next id is %d, which is not above %d", next, ids[3])
	}
}
