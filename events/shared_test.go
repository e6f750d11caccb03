package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamgate/streamgate/events"
)

// sharedLog is a Log in memory that several Dispatchers have, as if each were in a
// process of its own.
type sharedLog struct {
	*memoryLog

	mu    sync.Mutex
	who   string // leads
	until time.Time
	ears  map[*ear]bool
}

type ear struct {
	who   string
	hear  func(events.Event)
	woken func()
	deaf  chan struct{}
}

func newSharedLog() *sharedLog { return &sharedLog{memoryLog: newMemoryLog(), ears: map[*ear]bool{}} }

func (l *sharedLog) Last(context.Context) (int64, error) {
	l.memoryLog.mu.Lock()
	defer l.memoryLog.mu.Unlock()
	return l.last, l.fail
}

func (l *sharedLog) Since(_ context.Context, id int64, limit int) ([]events.Event, error) {
	return l.filter(limit, func(e events.Event) bool { return e.ID > id })
}

func (l *sharedLog) Lead(_ context.Context, who string, d time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.who != "" && l.who != who && time.Now().Before(l.until) {
		return false, nil
	}
	l.who, l.until = who, time.Now().Add(d)
	return true, nil
}

func (l *sharedLog) Resign(_ context.Context, who string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.who == who {
		l.who = ""
	}
	return nil
}

func (l *sharedLog) each(f func(*ear)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := range l.ears {
		f(e)
	}
}

func (l *sharedLog) Tell(_ context.Context, who string, list []events.Event) error {
	l.each(func(e *ear) {
		for _, told := range list {
			if e.who != who {
				e.hear(told)
			}
		}
	})
	return nil
}

func (l *sharedLog) Listen(ctx context.Context, who string, hear func(events.Event), woken func()) error {
	e := &ear{who, hear, woken, make(chan struct{})}
	l.mu.Lock()
	l.ears[e] = true
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.ears, e)
	}()
	woken()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-e.deaf:
		return errors.New("the connection is lost")
	}
}

// written is emit by somebody in another process.
func (l *sharedLog) written(e events.Event) {
	l.emit(e)
	l.each(func(e *ear) { e.woken() })
}

// node is a process on a Log.
type node struct {
	*events.Dispatcher

	bus     *events.Bus
	handled *calls
	seen    *calls
	heard   *calls
}

func newNode(t *testing.T, log events.Log) *node {
	t.Helper()
	n := &node{bus: events.NewBus(nil), handled: new(calls), seen: new(calls), heard: new(calls)}
	n.Dispatcher = events.NewDispatcher(log, quiet(events.DispatcherOptions{
		Live: n.bus, Seen: func(e events.Event) { n.seen.add("%d", e.ID) },
		Heard: func(e events.Event, show func(events.Event)) {
			n.heard.add("%s with %s", e.Type, e.Aside)
			if e.Type != events.JobChanged {
				show(e)
			}
		},
	}))
	n.Handle("all", func(_ context.Context, e events.Event) error { n.handled.add("%d", e.ID); return nil })
	start(t, n.Dispatcher)
	return n
}

// hears takes what a listener has heard of one owner.
func hears(s *events.Subscription) (types []events.Type) {
	for {
		select {
		case e := <-s.Events():
			types = append(types, e.Type)
		default:
			return types
		}
	}
}

func TestOneOfSeveralDispatchersHandlesAndAllShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newSharedLog()
		log.emit(events.Event{Type: events.AssetCreated, Owner: "ann", Asset: "a"}) // before they are there
		a := newNode(t, log)
		synctest.Wait() // so that it leads
		b := newNode(t, log)
		defer stop(t, a.Dispatcher)
		defer stop(t, b.Dispatcher)
		synctest.Wait()
		sub, err := b.bus.Subscribe("ann")
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		time.Sleep(time.Second)
		log.written(events.Event{Type: events.AssetReady, Owner: "ann", Asset: "a"})
		log.written(events.Event{Type: events.AssetReady, Owner: "bob", Asset: "a"})
		time.Sleep(time.Second)
		synctest.Wait()
		a.handled.want(t, "1", "2", "3")
		b.handled.want(t)
		a.seen.want(t, "2", "3")
		b.seen.want(t, "2", "3")
		if got := hears(sub); len(got) != 1 || got[0] != events.AssetReady {
			t.Errorf("who listens at the other process hears %v", got)
		}
		if n := pending(t, log); n != 0 {
			t.Errorf("%d events are pending", n)
		}
	})
}

func TestAnotherDispatcherHandlesOnceTheFirstIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newSharedLog()
		a := newNode(t, log)
		synctest.Wait() // so that it leads
		b := newNode(t, log)
		defer stop(t, b.Dispatcher)
		synctest.Wait()
		stop(t, a.Dispatcher)
		log.written(events.Event{Type: events.AssetReady, Owner: "ann", Asset: "a"})
		time.Sleep(6 * time.Second)
		synctest.Wait()
		a.handled.want(t)
		b.handled.want(t, "1")
	})
}

// TestAnotherDispatcherHandlesOnceTheFirstIsSilent has the one that leads unable to
// say so: both may handle what it has in its hands, and it takes on nothing new.
func TestAnotherDispatcherHandlesOnceTheFirstIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newSharedLog()
		cut := &cutOff{sharedLog: log}
		a := newNode(t, cut)
		defer stop(t, a.Dispatcher)
		synctest.Wait()
		b := newNode(t, log)
		defer stop(t, b.Dispatcher)
		synctest.Wait()
		cut.mute(true)
		time.Sleep(25 * time.Second) // longer than the lease of 15 s, and the 5 s until somebody asks
		log.written(events.Event{Type: events.AssetReady, Owner: "ann", Asset: "a"})
		time.Sleep(time.Second)
		synctest.Wait()
		a.handled.want(t)
		b.handled.want(t, "1")
		cut.mute(false)
		time.Sleep(10 * time.Second)
		log.written(events.Event{Type: events.AssetReady, Owner: "ann", Asset: "a"})
		time.Sleep(time.Second)
		synctest.Wait()
		a.handled.want(t)
		b.handled.want(t, "1", "2")
	})
}

// cutOff is a Log that cannot be told who leads.
type cutOff struct {
	*sharedLog

	mu    sync.Mutex
	muted bool
}

func (l *cutOff) mute(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.muted = on
}

func (l *cutOff) Lead(ctx context.Context, who string, d time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.muted {
		return false, errors.New("no answer")
	}
	return l.sharedLog.Lead(ctx, who, d)
}

func TestWhatIsInNoLogIsToldToOtherProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newSharedLog()
		a := newNode(t, log)
		synctest.Wait() // so that it leads
		b := newNode(t, log)
		defer stop(t, a.Dispatcher)
		defer stop(t, b.Dispatcher)
		var subs []*events.Subscription
		for _, n := range []*node{a, b} {
			sub, err := n.bus.Subscribe("ann")
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			subs = append(subs, sub)
		}
		synctest.Wait()
		a.Publish(events.Event{Type: events.TranscodeProgress, Owner: "ann", Aside: json.RawMessage(`"more"`)})
		time.Sleep(time.Second)
		synctest.Wait()
		for i, sub := range subs {
			if got := hears(sub); len(got) != 1 || got[0] != events.TranscodeProgress {
				t.Errorf("process %d hears %v", i, got)
			}
		}
		a.seen.want(t)
		a.heard.want(t)
		b.heard.want(t, `transcode.progress with "more"`)
		a.Publish(events.Event{Type: events.JobChanged, Owner: "ann"})
		log.written(events.Event{Type: events.AssetReady, Owner: "bob"})
		time.Sleep(time.Second)
		synctest.Wait()
		b.heard.want(t, `transcode.progress with "more"`, "job.changed with ")
		b.seen.want(t, "1")
		if a, b := hears(subs[0]), hears(subs[1]); len(a) != 1 || len(b) != 0 {
			t.Errorf("of what the other process does not show they hear %v and %v", a, b)
		}
	})
}

func TestADispatcherThatCannotHearGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newSharedLog()
		a := newNode(t, log)
		defer stop(t, a.Dispatcher)
		synctest.Wait()
		log.each(func(e *ear) { close(e.deaf) })
		synctest.Wait()
		log.written(events.Event{Type: events.AssetReady, Asset: "a"}) // which nobody hears
		time.Sleep(6 * time.Second)
		synctest.Wait()
		a.handled.want(t, "1")
		a.seen.want(t, "1")
		log.written(events.Event{Type: events.AssetReady, Asset: "a"}) // and this one is heard again
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		a.handled.want(t, "1", "2")
	})
}
