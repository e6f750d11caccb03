package events_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
)

func subscribe(t *testing.T, b *events.Bus, owner string) *events.Subscription {
	t.Helper()
	s, err := b.Subscribe(owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// waiting empties what a subscription holds.
func waiting(s *events.Subscription) []int64 {
	ids := []int64{}
	for {
		select {
		case e, open := <-s.Events():
			if !open {
				return append(ids, -1)
			}
			ids = append(ids, e.ID)
		default:
			return ids
		}
	}
}

func TestBusTellsEachOwnerOfTheirOwnEvents(t *testing.T) {
	b := events.NewBus(nil)
	ada, again, bob := subscribe(t, b, "ada"), subscribe(t, b, "ada"), subscribe(t, b, "bob")
	b.Publish(events.Event{ID: 1, Owner: "ada"})
	b.Publish(events.Event{ID: 2, Owner: "bob"})
	b.Publish(events.Event{ID: 3, Owner: "eve"})
	if err := b.Record(t.Context(), events.Event{ID: 4, Owner: "ada"}); err != nil {
		t.Error(err)
	}
	got := [][]int64{waiting(ada), waiting(again), waiting(bob)}
	if diff := cmp.Diff([][]int64{{1, 4}, {1, 4}, {2}}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBusDropsAndCountsWhatASlowListenerHasNoRoomFor(t *testing.T) {
	b := events.NewBus(&events.BusOptions{Buffer: 2})
	slow, other := subscribe(t, b, "ada"), subscribe(t, b, "bob")
	for id := range int64(5) {
		b.Publish(events.Event{ID: id + 1, Owner: "ada"})
	}
	b.Publish(events.Event{ID: 6, Owner: "bob"})
	if b.Dropped() != 3 || slow.Dropped() != 3 || other.Dropped() != 0 {
		t.Errorf("dropped %d, %d, %d; want 3, 3, 0", b.Dropped(), slow.Dropped(), other.Dropped())
	}
	if diff := cmp.Diff([]int64{1, 2}, waiting(slow)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBusThatIsClosedHandsOutWhatItHoldsAndRefuses(t *testing.T) {
	b := events.NewBus(nil)
	s := subscribe(t, b, "ada")
	b.Publish(events.Event{ID: 1, Owner: "ada"})
	b.Close()
	b.Close()
	b.Publish(events.Event{ID: 2, Owner: "ada"})
	if diff := cmp.Diff([]int64{1, -1}, waiting(s)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.Close()
	if _, err := b.Subscribe("ada"); !errors.Is(err, events.ErrClosed) {
		t.Errorf("got %v, want %v", err, events.ErrClosed)
	}
}

func TestBusForgetsWhoLeft(t *testing.T) {
	b := events.NewBus(nil)
	s := subscribe(t, b, "ada")
	if b.Subscribers() != 1 {
		t.Errorf("%d subscribers, want 1", b.Subscribers())
	}
	s.Close()
	s.Close()
	if b.Subscribers() != 0 {
		t.Errorf("%d subscribers, want 0", b.Subscribers())
	}
}

func ExampleBus() {
	bus := events.NewBus(nil)
	sub, err := bus.Subscribe("ada")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sub.Close()

	bus.Publish(events.Event{Type: events.AssetReady, Owner: "ada", Asset: "film"})
	e := <-sub.Events()
	fmt.Println(e.Type, e.Asset)
	// Output: asset.ready film
}
