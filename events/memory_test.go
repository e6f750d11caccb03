package events_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memoryLog is a Log in memory.
type memoryLog struct {
	mu        sync.Mutex
	all       []events.Event
	delivered map[int64]bool
	last      int64
	marks     int   // calls of Delivered
	reads     int   // calls of Pending
	fail      error // of every call, while it is set
}

func newMemoryLog() *memoryLog { return &memoryLog{delivered: make(map[int64]bool)} }

// emit adds an event and returns it with its ID.
func (l *memoryLog) emit(e events.Event) events.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	e.ID = l.last
	if e.Time.IsZero() {
		e.Time = time.Now().UTC()
	}
	l.all = append(l.all, e)
	return e
}

func (l *memoryLog) setFail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = err
}

func (l *memoryLog) filter(limit int, keep func(events.Event) bool) ([]events.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return nil, l.fail
	}
	var found []events.Event
	for _, e := range l.all {
		if keep(e) && len(found) < limit {
			found = append(found, e)
		}
	}
	return found, nil
}

// hide keeps an event from Pending, as if it were not committed yet.
func (l *memoryLog) hide(id int64, hidden bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delivered[id] = hidden
}

func (l *memoryLog) readings() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads
}

func (l *memoryLog) Pending(_ context.Context, after int64, limit int) ([]events.Event, error) {
	l.mu.Lock()
	l.reads++
	l.mu.Unlock()
	return l.filter(limit, func(e events.Event) bool { return e.ID > after && !l.delivered[e.ID] })
}

func (l *memoryLog) After(_ context.Context, owner string, id int64, limit int) ([]events.Event, error) {
	return l.filter(limit, func(e events.Event) bool { return e.Owner == owner && e.ID > id })
}

func (l *memoryLog) Delivered(_ context.Context, ids ...int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	l.marks++
	for _, id := range ids {
		l.delivered[id] = true
	}
	return nil
}

func (l *memoryLog) Purge(_ context.Context, before time.Time) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.all)
	l.all = slices.DeleteFunc(l.all, func(e events.Event) bool { return l.delivered[e.ID] && e.Time.Before(before) })
	return n - len(l.all), l.fail
}

func (l *memoryLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}
