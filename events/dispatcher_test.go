package events_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
)

// calls collects what handlers were called with.
type calls struct {
	mu  sync.Mutex
	all []string
}

func (c *calls) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

func (c *calls) want(t *testing.T, want ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if diff := cmp.Diff(want, c.all); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func quiet(o events.DispatcherOptions) *events.DispatcherOptions {
	o.Logger = slog.New(slog.DiscardHandler)
	return &o
}

func start(t *testing.T, d *events.Dispatcher) {
	t.Helper()
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func stop(t *testing.T, d *events.Dispatcher) {
	t.Helper()
	if err := d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// pending is how many events are pending once the Dispatcher had time to mark.
func pending(t *testing.T, l events.Log) int {
	t.Helper()
	time.Sleep(time.Second)
	synctest.Wait()
	left, err := l.Pending(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(left)
}

func TestDispatcherDeliversWhatWasThereAndWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, got := newMemoryLog(), new(calls)
		log.emit(events.Event{Type: events.AssetCreated, Asset: "a"})
		log.emit(events.Event{Type: events.AssetReady, Asset: "a"})
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
		d.Handle("all", func(_ context.Context, e events.Event) error { got.add("%d %s", e.ID, e.Type); return nil })
		d.Handle("ready", func(_ context.Context, e events.Event) error { got.add("ready %d", e.ID); return nil }, events.AssetReady)
		start(t, d)
		defer stop(t, d)
		synctest.Wait()
		got.want(t, "1 asset.created", "2 asset.ready", "ready 2")

		time.Sleep(time.Second)
		log.emit(events.Event{Type: events.AssetDeleted, Asset: "a"})
		d.Wake()
		synctest.Wait()
		got.want(t, "1 asset.created", "2 asset.ready", "ready 2", "3 asset.deleted")
		if n := pending(t, log); n != 0 {
			t.Errorf("%d events are pending", n)
		}
	})
}

func TestDispatcherReadsWhatComesTogetherTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, got := newMemoryLog(), new(calls)
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
		d.Handle("all", func(_ context.Context, e events.Event) error { got.add("%d", e.ID); return nil })
		start(t, d)
		defer stop(t, d)
		time.Sleep(time.Second)
		before := log.readings()
		var want []string
		for i := range 100 {
			log.emit(events.Event{Asset: "a"}) // of one asset: in their order
			d.Wake()
			synctest.Wait()
			want = append(want, strconv.Itoa(i+1))
		}
		time.Sleep(100 * time.Millisecond)
		got.want(t, want...)
		if n := log.readings() - before; n > 3 {
			t.Errorf("100 events at the same time were read in %d portions", n)
		}
	})
}

func TestDispatcherFindsWhatComesToLightLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, got := newMemoryLog(), new(calls)
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
		d.Handle("all", func(_ context.Context, e events.Event) error { got.add("%d", e.ID); return nil })
		start(t, d)
		defer stop(t, d)
		time.Sleep(time.Second)
		late := log.emit(events.Event{}).ID
		log.hide(late, true)
		log.emit(events.Event{})
		d.Wake()
		time.Sleep(time.Second)
		got.want(t, "2")
		log.hide(late, false)
		time.Sleep(6 * time.Second)
		got.want(t, "2", "1")
	})
}

func TestDispatcherPollsWhenNobodyWakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, got := newMemoryLog(), new(calls)
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
		d.Handle("all", func(_ context.Context, e events.Event) error { got.add("%d", e.ID); return nil })
		start(t, d)
		defer stop(t, d)
		synctest.Wait()
		log.emit(events.Event{})
		time.Sleep(6 * time.Second)
		synctest.Wait()
		got.want(t, "1")
	})
}

func TestDispatcherRetriesWithBackoffAndKeepsTheOrderOfAnAsset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, got := newMemoryLog(), new(calls)
		log.emit(events.Event{Asset: "a"})
		log.emit(events.Event{Asset: "b"})
		log.emit(events.Event{Asset: "a"})
		begin, attempts := time.Now(), 0
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{Workers: 1}))
		d.Handle("fine", func(_ context.Context, e events.Event) error { got.add("fine %d", e.ID); return nil })
		d.Handle("fails three times", func(_ context.Context, e events.Event) error {
			if e.ID == 1 && attempts < 3 {
				attempts++
				if attempts == 2 {
					panic("oops")
				}
				return errors.New("not yet")
			}
			got.add("%d after %s", e.ID, time.Since(begin))
			return nil
		})
		start(t, d)
		defer stop(t, d)
		time.Sleep(time.Minute)
		synctest.Wait()
		got.want(t, "fine 1", "fine 2", "2 after 0s", "1 after 7s", "fine 3", "3 after 7s")
		if n := pending(t, log); n != 0 {
			t.Errorf("%d events are pending", n)
		}
	})
}

func TestDispatcherDoesNotLetOneAssetHoldUpAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, got := newMemoryLog(), new(calls)
		log.emit(events.Event{Asset: "a"})
		for range 300 {
			log.emit(events.Event{Asset: "b"})
		}
		release := make(chan struct{})
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
		d.Handle("blocks", func(_ context.Context, e events.Event) error {
			if e.Asset == "a" {
				<-release
			}
			return nil
		})
		start(t, d)
		defer stop(t, d)
		synctest.Wait()
		if n := pending(t, log); n != 1 {
			t.Errorf("%d events are pending, want 1", n)
		}
		close(release)
		synctest.Wait()
		if n := pending(t, log); n != 0 {
			t.Errorf("%d events are pending, want 0", n)
		}
		got.want(t)
	})
}

func TestDispatcherPublishesEachEventOnceInOrderWhateverHandlersDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, bus := newMemoryLog(), events.NewBus(nil)
		sub := subscribe(t, bus, "ada")
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{Live: bus}))
		d.Handle("never", func(context.Context, events.Event) error { return errors.New("never") })
		start(t, d)
		defer stop(t, d)
		for range 5 {
			log.emit(events.Event{Owner: "ada", Asset: "a"})
			d.Wake()
			synctest.Wait()
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if diff := cmp.Diff([]int64{1, 2, 3, 4, 5}, waiting(sub)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestDispatcherGoesOnWhenTheLogAnswersAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, got := newMemoryLog(), new(calls)
		log.emit(events.Event{Asset: "a"})
		log.setFail(errors.New("the database is locked"))
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
		d.Handle("all", func(_ context.Context, e events.Event) error { got.add("%d", e.ID); return nil })
		start(t, d)
		defer stop(t, d)
		time.Sleep(time.Minute)
		log.setFail(nil)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		got.want(t, "1")
		if n := pending(t, log); n != 0 {
			t.Errorf("%d events are pending", n)
		}
	})
}

func TestDispatcherDeliversAgainWhatACrashCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, got := newMemoryLog(), new(calls)
		log.emit(events.Event{Asset: "a"})
		for range 2 { // the first does not get to mark it
			d := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
			d.Handle("all", func(_ context.Context, e events.Event) error {
				got.add("%d", e.ID)
				log.setFail(errors.New("gone"))
				return nil
			})
			start(t, d)
			synctest.Wait()
			stop(t, d)
			log.setFail(nil)
		}
		got.want(t, "1", "1")
	})
}

func TestDispatcherMarksManyEventsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemoryLog()
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
		start(t, d)
		defer stop(t, d)
		for range 10 {
			log.emit(events.Event{})
			d.Wake()
			synctest.Wait()
		}
		if n := pending(t, log); n != 0 || log.marks != 1 {
			t.Errorf("%d are pending after %d writes, want 0 after 1", n, log.marks)
		}
		for range 1000 {
			log.emit(events.Event{})
		}
		d.Wake()
		if n := pending(t, log); n != 0 || log.marks > 6 {
			t.Errorf("%d are pending after %d writes", n, log.marks)
		}
	})
}

func TestDispatcherPurgesWhatWasDeliveredLongAgo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemoryLog()
		log.emit(events.Event{})
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
		start(t, d)
		defer stop(t, d)
		time.Sleep(23 * time.Hour)
		if log.count() != 1 {
			t.Error("it was purged too early")
		}
		time.Sleep(3 * time.Hour)
		if log.count() != 0 {
			t.Error("it was not purged")
		}
	})
}

func TestStopWaitsForHandlersAndThenCutsThemOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemoryLog()
		log.emit(events.Event{})
		d := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
		d.Handle("slow", func(ctx context.Context, _ events.Event) error { <-ctx.Done(); return ctx.Err() })
		start(t, d)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
		stop(t, d) // twice is harmless, and the handler has ended
		if n := pending(t, log); n != 1 {
			t.Errorf("%d events are pending, want 1", n)
		}
	})
}

func TestDispatcherStartsOnce(t *testing.T) {
	d := events.NewDispatcher(newMemoryLog(), quiet(events.DispatcherOptions{}))
	stop(t, d)
	start(t, d)
	defer stop(t, d)
	if d.Start(t.Context()) == nil {
		t.Error("it started twice")
	}
}
