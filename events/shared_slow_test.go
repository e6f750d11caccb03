package events_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamgate/streamgate/events"
)

func TestADispatcherThatStopsKeepsWhatItsHandlersAreAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, slow := newSharedLog(), new(calls)
		one := events.NewDispatcher(log, quiet(events.DispatcherOptions{}))
		one.Handle("slow", func(_ context.Context, e events.Event) error {
			time.Sleep(time.Minute)
			slow.add("%d", e.ID)
			return nil
		})
		start(t, one)
		synctest.Wait()
		two := newNode(t, log)
		log.written(events.Event{Asset: "a"})
		time.Sleep(time.Second)
		stop(t, one)
		log.written(events.Event{Asset: "a"})
		time.Sleep(10 * time.Second)
		slow.want(t, "1")
		two.handled.want(t, "2")
		stop(t, two.Dispatcher)
	})
}

// slowLog is a Log that one of its processes waits long for, once.
type slowLog struct {
	*sharedLog

	wait time.Duration
}

func (l *slowLog) Pending(ctx context.Context, after int64, limit int) ([]events.Event, error) {
	list, err := l.sharedLog.Pending(ctx, after, limit)
	time.Sleep(l.wait)
	l.wait = 0
	return list, err
}

func TestWhatWasReadTooLateIsLeftToWhoTookOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newSharedLog()
		log.emit(events.Event{Asset: "a"})
		one := newNode(t, &slowLog{log, 40 * time.Second})
		synctest.Wait() // it leads, and waits for what there is
		two := newNode(t, log)
		time.Sleep(time.Minute)
		one.handled.want(t)
		two.handled.want(t, "1")
		stop(t, one.Dispatcher)
		stop(t, two.Dispatcher)
	})
}
