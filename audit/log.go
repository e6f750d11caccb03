package audit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Policy is what becomes of an event, and of the request that it tells of, while
// a sink cannot take it.
type Policy int

// The policies.
const (
	// Refuse answers with an error that matches ErrUnavailable, which refuses
	// the request: what cannot be recorded does not happen.
	Refuse Policy = iota
	// Block tries again until the sink takes the event or the context ends, and
	// refuses then.
	Block
	// Drop lets the request happen and counts the event. When the sink works
	// again it gets an event "audit.dropped" with the number. A disk that hangs
	// does not fail: who must not wait for it sets FileOptions.NoWait, too.
	Drop
)

// Options are the options of New. A nil *Options is the defaults.
type Options struct {
	// Policy is for events that a sink does not take. Default: Refuse.
	Policy Policy
	// Logger is told, under the policy Drop, when events begin to be dropped and
	// how many were, once a sink takes them again. It must not lead back into this
	// log. Default: slog.Default().
	Logger *slog.Logger
}

// Log takes events and hands them to its sinks, one after the other. Its methods
// may be called concurrently. It has no goroutine and needs no Close; its sinks may.
type Log struct {
	policy  Policy
	logger  *slog.Logger
	outlets []outlet
	refused atomic.Uint64
}

// outlet is a sink with what it has not got.
type outlet struct {
	sink    Sink
	dropped atomic.Uint64 // ever
	untold  atomic.Uint64 // of which the sink has not heard
	failed  atomic.Pointer[failure]
}

// failure is the last time that a sink did not take an event.
type failure struct {
	err  error
	when time.Time
}

// New returns a Log that writes to all of sinks.
func New(sinks []Sink, o *Options) (*Log, error) {
	if len(sinks) == 0 {
		return nil, errors.New("audit: New needs a Sink: a log that keeps nothing proves nothing")
	}
	l := &Log{outlets: make([]outlet, len(sinks))}
	for i, s := range sinks {
		if s == nil {
			return nil, errors.New("audit: one of the sinks is nil")
		}
		l.outlets[i].sink = s
	}
	if o != nil {
		l.policy, l.logger = o.Policy, o.Logger
	}
	if l.logger == nil {
		l.logger = slog.Default()
	}
	if l.policy < Refuse || l.policy > Drop {
		return nil, errors.New("audit: there is no such Policy")
	}
	return l, nil
}

// recording is what Record needs for a moment.
type recording struct {
	event   Event
	line    []byte
	details []slog.Attr // room for those of a slog.Record
}

const (
	maxPooled   = 16 << 10 // bytes of a line that is worth keeping
	roomDetails = 16
)

var recordings = sync.Pool{New: func() any {
	return &recording{line: make([]byte, 0, 1024), details: make([]slog.Attr, 0, roomDetails)}
}}

// newRecording returns one to record and forget.
func newRecording() *recording {
	return recordings.Get().(*recording) //nolint:forcetypeassert // nothing else is in it
}

// forget makes r another's.
func (r *recording) forget() {
	r.event = Event{}
	clear(r.details[:cap(r.details)])
	if cap(r.line) <= maxPooled && cap(r.details) <= roomDetails {
		recordings.Put(r)
	}
}

// Record writes e to all sinks, and sets its Time where that is zero. It returns
// when the sinks have it: when a File does not NoWait, then it is on the disk.
// The only error is one that matches ErrUnavailable; the end of ctx leads to one.
func (l *Log) Record(ctx context.Context, e Event) error {
	r := newRecording()
	defer r.forget()
	r.event = e
	return l.record(ctx, r)
}

func (l *Log) record(ctx context.Context, r *recording) error {
	if r.event.Time.IsZero() {
		r.event.Time = time.Now()
	}
	r.line = append(r.event.AppendJSON(r.line[:0]), '\n')
	for i := range l.outlets {
		o := &l.outlets[i]
		if err := o.sink.Append(ctx, &r.event, r.line); err != nil {
			o.failed.Store(&failure{err, time.Now()})
			if err := l.trouble(ctx, o, r, err); err != nil {
				return err
			}
			continue
		}
		if o.untold.Load() > 0 {
			o.tell(ctx, l.logger)
		}
	}
	return nil
}

// recently is for how long a failure counts: whoever is sent no requests because
// of it would not find out that it is over.
const recently = 10 * time.Second

// Err is why requests are refused, or wait, because of this log: the error of a
// sink that did not take an event within the last ten seconds. Under the policy
// Drop it is nil.
func (l *Log) Err() error {
	if l.policy == Drop {
		return nil
	}
	for i := range l.outlets {
		if f := l.outlets[i].failed.Load(); f != nil && time.Since(f.when) < recently {
			return f.err
		}
	}
	return nil
}

// Dropped is how many events a sink did not get under the policy Drop. An event
// that two sinks did not get counts twice.
func (l *Log) Dropped() uint64 {
	var n uint64
	for i := range l.outlets {
		n += l.outlets[i].dropped.Load()
	}
	return n
}

// Refused is how many times Record has returned an error.
func (l *Log) Refused() uint64 { return l.refused.Load() }

// Searcher returns the first sink that can be searched, such as a File; nil where
// there is none.
func (l *Log) Searcher() Searcher {
	for i := range l.outlets {
		if s, ok := l.outlets[i].sink.(Searcher); ok {
			return s
		}
	}
	return nil
}
