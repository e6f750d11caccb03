package events

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// dispatch is the running of a Dispatcher. One goroutine owns it; workers only
// get a delivery and give it back.
type dispatch struct {
	*Dispatcher
	held      []*delivery // not delivered yet, in the order of their IDs
	known     map[int64]bool
	published int64 // the highest ID that the bus has had
	woken     bool  // there is something new, above published
	busy      int   // workers
	results   chan *delivery
	nextPurge time.Time
	nextFetch time.Time
	nextPoll  time.Time // of all that is pending
	lastFetch time.Time
	nextMark  time.Time // zero while nothing waits to be marked

	leads    bool      // events are handled here, and not in another process
	until    time.Time // so, unless it is said again
	nextLead time.Time
}

// delivery is one event on its way to its handlers.
type delivery struct {
	event    Event
	handlers []handler // those that have not succeeded
	running  bool
	attempts int
	due      time.Time
}

func newDispatch(d *Dispatcher) *dispatch {
	return &dispatch{Dispatcher: d, known: make(map[int64]bool), results: make(chan *delivery, d.o.Workers)}
}

// run works until ctx ends, and then waits for its workers.
func (d *dispatch) run(ctx, work context.Context) {
	for ctx.Err() == nil {
		if d.lead(ctx) {
			d.purge(ctx)
			d.fetch(ctx)
			d.mark(ctx)
			if d.lead(ctx) { // all of that may have taken long
				d.launch(work)
			}
		}
		d.wait(ctx)
	}
	d.finish(work)
	if err := d.settle(work); err != nil { // what just succeeded will be done again after the restart
		d.complain(work, "marking what was delivered", err)
	}
	d.resign(work)
}

// finish waits for the workers, and meanwhile leaves nothing of theirs to other processes.
func (d *dispatch) finish(work context.Context) {
	for d.busy > 0 {
		var again <-chan time.Time
		if d.leads {
			again = time.After(time.Until(d.nextLead))
		}
		select {
		case one := <-d.results:
			d.take(one)
		case <-again:
			d.lead(work)
		}
	}
}

// lead says whether events are handled here, and sees to it that they are somewhere.
func (d *dispatch) lead(ctx context.Context) bool {
	if d.fleet == nil {
		return true
	}
	now := time.Now()
	if !now.Before(d.nextLead) {
		d.nextLead = now.Add(leadEvery)
		leads, err := d.fleet.log.Lead(ctx, d.id, leaseOfLead)
		switch {
		case err != nil:
			d.complain(ctx, "asking who handles events", err)
		case leads:
			if !d.leads {
				d.nextFetch, d.nextPoll, d.published = now, now, 0
			}
			d.leads, d.until = true, now.Add(leaseOfLead)
		case d.leads:
			d.leads = false
		}
	}
	if d.leads && !now.Before(d.until) {
		d.leads = false
	}
	if !d.leads {
		d.forgo()
	}
	return d.leads
}

// forgo leaves to another process what nobody works on here. What somebody does is
// done once more there.
func (d *dispatch) forgo() {
	kept := d.held[:0]
	for _, one := range d.held {
		if one.running {
			kept = append(kept, one)
			continue
		}
		delete(d.known, one.event.ID)
	}
	clear(d.held[len(kept):])
	d.held = kept
}

// resign lets another process handle events at once.
func (d *dispatch) resign(ctx context.Context) {
	if d.fleet == nil || !d.leads {
		return
	}
	if err := d.fleet.log.Resign(ctx, d.id); err != nil {
		d.complain(ctx, "leaving events to other processes", err)
	}
}

// fetch reads what is new in the Log and publishes it. When it was woken it reads
// on from what it has seen; now and then it reads all that is pending, since in
// some databases an event can come to light after one with a higher ID.
func (d *dispatch) fetch(ctx context.Context) {
	now := time.Now()
	if now.Before(d.nextFetch) {
		return
	}
	if len(d.held) >= maxHeld {
		d.nextFetch = now.Add(d.o.Poll)
		return
	}
	after, limit := int64(0), len(d.held)+fetchPage
	if d.woken && now.Before(d.nextPoll) {
		after, limit = d.published, fetchPage
	} else {
		d.nextPoll = now.Add(d.o.Poll)
	}
	d.woken, d.nextFetch, d.lastFetch = false, d.nextPoll, now
	pending, err := d.log.Pending(ctx, after, limit)
	if err != nil {
		d.complain(ctx, "reading it", err)
		d.nextFetch = now.Add(d.o.Poll)
		return
	}
	if len(pending) == limit { // there is more
		d.woken, d.nextFetch = true, now
	}
	for _, e := range pending {
		d.add(e)
	}
}

func (d *dispatch) add(e Event) {
	if d.known[e.ID] {
		return
	}
	if d.fleet == nil && e.ID > d.published {
		d.show(e)
	}
	d.published = max(d.published, e.ID)
	d.known[e.ID] = true
	one := &delivery{event: e}
	for _, h := range d.handlers {
		if len(h.types) == 0 || h.types[e.Type] {
			one.handlers = append(one.handlers, h)
		}
	}
	d.held = append(d.held, one)
}

// mark settles what has waited long enough, or is enough.
func (d *dispatch) mark(ctx context.Context) {
	settled := 0
	for _, one := range d.held {
		if one.settled() {
			settled++
		}
	}
	now := time.Now()
	switch {
	case settled == 0:
		d.nextMark = time.Time{}
	case d.nextMark.IsZero() && settled < markBatch:
		d.nextMark = now.Add(markDelay)
	case settled >= markBatch, !now.Before(d.nextMark):
		d.nextMark = time.Time{}
		if err := d.settle(ctx); err != nil {
			d.complain(ctx, "marking what was delivered", err)
			d.nextMark = now.Add(d.o.Poll)
		}
	}
}

// settle marks what every handler has done with.
func (d *dispatch) settle(ctx context.Context) error {
	var ids []int64
	for _, one := range d.held {
		if one.settled() {
			ids = append(ids, one.event.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := d.log.Delivered(ctx, ids...); err != nil {
		return err
	}
	kept := d.held[:0]
	for _, one := range d.held {
		if one.settled() {
			delete(d.known, one.event.ID)
			continue
		}
		kept = append(kept, one)
	}
	clear(d.held[len(kept):])
	d.held = kept
	return nil
}

// settled reports whether nothing is left to do. What is running is its worker's.
func (one *delivery) settled() bool { return !one.running && len(one.handlers) == 0 }

// launch gives workers what is due and has nothing of its asset before it.
func (d *dispatch) launch(work context.Context) {
	now := time.Now()
	waiting := make(map[string]bool)
	for _, one := range d.held {
		if d.busy == d.o.Workers {
			return
		}
		if one.settled() {
			continue
		}
		key := one.event.Asset
		blocked := key != "" && waiting[key]
		waiting[key] = true
		if blocked || one.running || one.due.After(now) {
			continue
		}
		one.running = true
		d.busy++
		go func() { d.results <- d.deliver(work, one) }()
	}
}

// deliver calls the handlers that are left, in their order, up to the first
// that fails.
func (d *dispatch) deliver(ctx context.Context, one *delivery) *delivery {
	for len(one.handlers) > 0 {
		h := one.handlers[0]
		if err := callSafely(ctx, h, one.event); err != nil {
			d.complain(ctx, "an event was not handled, it will be tried again", err,
				slog.String("handler", h.name), slog.Int64("event", one.event.ID),
				slog.String("type", string(one.event.Type)), slog.String("asset", one.event.Asset))
			break
		}
		one.handlers = one.handlers[1:]
	}
	return one
}

func callSafely(ctx context.Context, h handler, e Event) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return h.call(ctx, e)
}

// take accepts a delivery back from its worker.
func (d *dispatch) take(one *delivery) {
	d.busy--
	one.running = false
	if len(one.handlers) == 0 {
		return
	}
	backoff := d.o.MaxBackoff
	if one.attempts < 30 { // a shift by more could overflow
		backoff = min(backoff, d.o.MinBackoff<<one.attempts)
	}
	one.attempts++
	one.due = time.Now().Add(backoff)
}

// wait returns when there may be something to do.
func (d *dispatch) wait(ctx context.Context) {
	timer := time.NewTimer(time.Until(d.nextTime()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-d.wake:
		d.woken, d.nextFetch = true, d.lastFetch.Add(wakePause)
	case one := <-d.results:
		d.take(one)
	}
}

// nextTime is when something is due of which no channel tells.
func (d *dispatch) nextTime() time.Time {
	if d.fleet != nil && !d.leads {
		return d.nextLead
	}
	next := d.nextFetch
	if d.fleet != nil && d.nextLead.Before(next) {
		next = d.nextLead
	}
	if d.nextPurge.Before(next) {
		next = d.nextPurge
	}
	if !d.nextMark.IsZero() && d.nextMark.Before(next) {
		next = d.nextMark
	}
	now := time.Now()
	for _, one := range d.held {
		if !one.running && one.due.After(now) && one.due.Before(next) {
			next = one.due
		}
	}
	return next
}

// purge forgets old events, from time to time.
func (d *dispatch) purge(ctx context.Context) {
	now := time.Now()
	if now.Before(d.nextPurge) {
		return
	}
	d.nextPurge = now.Add(d.o.Retention / 24)
	if _, err := d.log.Purge(ctx, now.Add(-d.o.Retention)); err != nil {
		d.complain(ctx, "purging it", err)
	}
}

// complain logs what there is nobody to return to. An end that was asked for is
// no complaint.
func (d *dispatch) complain(ctx context.Context, what string, err error, attrs ...slog.Attr) {
	complain(ctx, d.o.Logger, what, err, attrs...)
}

func complain(ctx context.Context, to *slog.Logger, what string, err error, attrs ...slog.Attr) {
	if ctx.Err() != nil {
		return
	}
	attrs = append(attrs, slog.Any("error", err))
	to.LogAttrs(ctx, slog.LevelError, "trouble with the outbox", append([]slog.Attr{slog.String("what", what)}, attrs...)...)
}
