package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	defaultEvery   = time.Minute
	defaultEntries = 1000

	tallyTimeout = 10 * time.Second
)

// TallyOptions are the options of NewTally. A nil *TallyOptions is the defaults.
type TallyOptions struct {
	// Every is how long events are counted before they are written.
	// Default: 1 min, from the beginning of a minute to its end.
	Every time.Duration
	// Entries is how many different events are counted apart; more are counted
	// together, by action and outcome alone, under the actor "(others)".
	// Default: 1000.
	Entries int
	// Logger is told when the log does not take what was counted; the count is
	// kept for the next time. Default: slog.Default().
	Logger *slog.Logger
}

// Tally counts events that come in floods, such as violations of a rate limit,
// and writes one event for all that are alike when the minute ends: with the
// details count, first and last. Events are alike that have the same Actor,
// Address, Action, Resource and Outcome. Its methods may be called concurrently.
// It has no goroutine; a timer runs while something is counted.
type Tally struct {
	log *Log
	o   TallyOptions

	mu     sync.Mutex
	counts map[alike]*count
	timer  *time.Timer
	closed bool
	busy   sync.WaitGroup // writing
}

// alike is what events that are counted together have in common.
type alike struct {
	actor, address, action, resource string
	outcome                          Outcome
}

type count struct {
	n           uint64
	first, last time.Time
}

// others is the actor of those for whom there was no room.
const others = "(others)"

// NewTally returns a Tally that writes to log.
func NewTally(log *Log, o *TallyOptions) (*Tally, error) {
	if log == nil {
		return nil, errors.New("audit: NewTally needs a Log")
	}
	t := &Tally{log: log, counts: make(map[alike]*count)}
	if o != nil {
		t.o = *o
	}
	if t.o.Every <= 0 {
		t.o.Every = defaultEvery
	}
	if t.o.Entries <= 0 {
		t.o.Entries = defaultEntries
	}
	if t.o.Logger == nil {
		t.o.Logger = slog.Default()
	}
	return t, nil
}

// Add counts e. Its ids and Details are not kept. After Close it is not counted.
func (t *Tally) Add(e Event) {
	now := e.Time
	if now.IsZero() {
		now = time.Now()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.add(alike{e.Actor, e.Address, e.Action, e.Resource, e.Outcome}, count{1, now, now})
	t.arm()
}

// arm has the counts written at the end of the minute.
func (t *Tally) arm() {
	if t.timer == nil && !t.closed {
		now := time.Now()
		t.timer = time.AfterFunc(now.Truncate(t.o.Every).Add(t.o.Every).Sub(now), t.tick)
	}
}

// add counts under a key, or with the others where there is no room.
func (t *Tally) add(key alike, more count) {
	key = key.cut()
	c := t.counts[key]
	if c == nil && len(t.counts) >= t.o.Entries && key.actor != others {
		t.add(alike{actor: others, action: key.action, outcome: key.outcome}, more)
		return
	}
	if c == nil {
		c = &count{first: more.first}
		t.counts[key.clone()] = c
	}
	c.n += more.n
	if more.first.Before(c.first) {
		c.first = more.first
	}
	if more.last.After(c.last) {
		c.last = more.last
	}
}

// cut leaves no more of each text than the log would.
func (k alike) cut() alike {
	for _, s := range k.texts() {
		*s = (*s)[:min(len(*s), maxField)]
	}
	return k
}

// clone lets go of the requests that the texts are part of.
func (k alike) clone() alike {
	for _, s := range k.texts() {
		*s = strings.Clone(*s)
	}
	return k
}

func (k *alike) texts() [4]*string { return [...]*string{&k.actor, &k.address, &k.action, &k.resource} }

// tick writes what was counted.
func (t *Tally) tick() {
	t.mu.Lock()
	t.timer = nil
	if t.closed {
		t.mu.Unlock()
		return
	}
	t.busy.Add(1)
	counts := t.counts
	t.counts = make(map[alike]*count)
	t.mu.Unlock()
	defer t.busy.Done()
	ctx, cancel := context.WithTimeout(context.Background(), tallyTimeout)
	defer cancel()
	if err := t.write(ctx, counts); err != nil {
		t.o.Logger.Error("counted events could not be written to the audit log", slog.Any("error", err))
	}
}

// write writes counts, and counts again what the log does not take.
func (t *Tally) write(ctx context.Context, counts map[alike]*count) error {
	var failed error
	for k, c := range counts {
		err := t.log.Record(ctx, Event{
			Time: c.last, Actor: k.actor, Address: k.address, Action: k.action, Resource: k.resource, Outcome: k.outcome,
			Details: []slog.Attr{slog.Uint64("count", c.n), slog.Time("first", c.first), slog.Time("last", c.last)},
		})
		if err != nil {
			failed = err
			t.mu.Lock()
			t.add(k, *c)
			t.arm()
			t.mu.Unlock()
		}
	}
	return failed
}

// Close writes what is counted and ends the counting. An error says that the log
// did not take all of it.
func (t *Tally) Close(ctx context.Context) error {
	t.mu.Lock()
	t.closed = true
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		t.busy.Wait() // no longer than tallyTimeout
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
		return fmt.Errorf("audit: what was counted is still being written: %w", ctx.Err())
	}
	t.mu.Lock()
	counts := t.counts
	t.counts = make(map[alike]*count)
	t.mu.Unlock()
	return t.write(ctx, counts)
}
