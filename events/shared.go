package events

import (
	"context"
	"time"
)

// Shared is implemented by Logs that several processes have at the same time, each
// with a Dispatcher. Its methods may be called concurrently.
type Shared interface {
	Log
	// Last is the highest ID that an event has had; 0 where there was none.
	Last(ctx context.Context) (int64, error)
	// Since returns up to limit events of all owners with an ID above id, delivered or
	// not, oldest first. Who has seen an ID never misses a lower one.
	Since(ctx context.Context, id int64, limit int) ([]Event, error)
	// Lead makes who the process that hands events to handlers, for d from now on by
	// the Log's clock, if it is that or nobody is; and reports whether it is.
	Lead(ctx context.Context, who string, d time.Duration) (bool, error)
	// Resign ends that before its time.
	Resign(ctx context.Context, who string) error
	// Tell hands events that are in no Log to the other processes that listen. Those
	// that do not now, or cannot be reached, miss them; so do all an event that is too
	// large to be told.
	Tell(ctx context.Context, who string, list []Event) error
	// Listen calls hear with what processes other than who tell, and woken once it can
	// hear and whenever some process has written into the Log, until ctx ends or
	// nothing can be heard any more. The error is never nil.
	Listen(ctx context.Context, who string, hear func(Event), woken func()) error
}

const (
	leaseOfLead = 15 * time.Second // how long others wait for a process that is silent
	leadEvery   = leaseOfLead / 3

	tellRoom  = 256                    // events that wait to be told
	tellBatch = 64                     // of which so many are told together
	tellPause = 100 * time.Millisecond // and no sooner than so long after those before

	minDeaf, maxDeaf = 500 * time.Millisecond, 30 * time.Second // between two attempts to listen
)

// fleet is what a Dispatcher does beside its handlers where others have the Log, too.
type fleet struct {
	*Dispatcher

	log     Shared
	noticed chan struct{} // there may be something new
	telling chan Event
}

func newFleet(d *Dispatcher, log Shared) *fleet {
	return &fleet{Dispatcher: d, log: log, noticed: make(chan struct{}, 1), telling: make(chan Event, tellRoom)}
}

// notice says that there may be something new in the Log.
func (f *fleet) notice() {
	select {
	case f.noticed <- struct{}{}:
	default:
	}
}

// tell has others told of an event, as long as there is room.
func (f *fleet) tell(e Event) {
	select {
	case f.telling <- e:
	default:
	}
}

// watch shows what comes into the Log after last, whoever wrote it.
func (f *fleet) watch(ctx context.Context, last int64) {
	timer := time.NewTimer(f.o.Poll)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.noticed:
		case <-timer.C:
		}
		for ctx.Err() == nil {
			page, err := f.log.Since(ctx, last, fetchPage)
			if err != nil {
				complain(ctx, f.o.Logger, "reading what others wrote", err)
				break
			}
			for _, e := range page {
				last = e.ID
				f.show(e)
			}
			if len(page) < fetchPage {
				break
			}
		}
		timer.Reset(f.o.Poll)
		select { // changes at the same time are read together
		case <-ctx.Done():
			return
		case <-time.After(wakePause):
		}
	}
}

// listen hears what others tell, again and again.
func (f *fleet) listen(ctx context.Context) {
	for pause := minDeaf; ; pause = min(2*pause, maxDeaf) {
		err := f.log.Listen(ctx, f.id, f.hear, func() {
			pause = minDeaf
			f.Wake()
		})
		if ctx.Err() != nil {
			return
		}
		complain(ctx, f.o.Logger, "hearing of other processes", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// talk tells others, several events at a time.
func (f *fleet) talk(ctx context.Context) {
	for {
		var list []Event
		select {
		case <-ctx.Done():
			return
		case e := <-f.telling:
			list = append(list, e)
		}
		for more := true; more && len(list) < tellBatch; {
			select {
			case e := <-f.telling:
				list = append(list, e)
			default:
				more = false
			}
		}
		if err := f.log.Tell(ctx, f.id, list); err != nil {
			complain(ctx, f.o.Logger, "telling other processes", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(tellPause):
		}
	}
}
