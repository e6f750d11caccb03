package audit

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const hookTimeout = 10 * time.Second

// pointer hands checkpoints to the hook, at most one in a while, and always the
// newest.
type pointer struct {
	o *FileOptions

	mu     sync.Mutex
	newest *sealed // nil when the hook has it

	wake, stop, done chan struct{}
}

func newPointer(o *FileOptions) *pointer {
	p := &pointer{o: o, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p
}

// set says which seal is the newest that is durable.
func (p *pointer) set(s sealed) {
	p.mu.Lock()
	p.newest = &s
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// close hands out the last one and ends the goroutine.
func (p *pointer) close() {
	close(p.stop)
	<-p.done
}

func (p *pointer) run() {
	defer close(p.done)
	for stopped := false; !stopped; {
		select {
		case <-p.wake:
			p.hand()
			stopped = p.pause()
		case <-p.stop:
			stopped = true
		}
	}
	p.hand()
}

func (p *pointer) pause() (stopped bool) {
	pause := time.NewTimer(p.o.CheckpointEvery)
	defer pause.Stop()
	select {
	case <-pause.C:
		return false
	case <-p.stop:
		return true
	}
}

// hand calls the hook unless it has the newest. What it did not take is offered
// again after a while, or what is newer then.
func (p *pointer) hand() {
	p.mu.Lock()
	s := p.newest
	p.newest = nil
	p.mu.Unlock()
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), hookTimeout)
	defer cancel()
	err := p.o.Checkpoint(ctx, checkpointOf(&s.seal, s.line))
	if err == nil {
		return
	}
	p.o.Logger.Error("a checkpoint of the audit log was not taken", slog.Any("error", err))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.newest == nil {
		p.newest = s
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
}
