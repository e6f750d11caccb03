package streamgate

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// periodic does something again and again, until it is stopped.
type periodic struct {
	name   string
	every  time.Duration
	do     func(context.Context) error
	logger *slog.Logger // is told of errors: nobody else hears of them

	mu     sync.Mutex
	cancel context.CancelFunc // nil until start
	done   chan struct{}
}

func (p *periodic) start(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	p.done = make(chan struct{})
	go p.run(ctx, p.done)
}

func (p *periodic) run(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := p.do(ctx); err != nil && ctx.Err() == nil {
			p.logger.ErrorContext(ctx, "a task failed, it will be tried again", "task", p.name, "error", err)
		}
	}
}

// stop ends it and waits. What was not started needs no stop.
func (p *periodic) stop(ctx context.Context) error {
	p.mu.Lock()
	cancel, done := p.cancel, p.done
	p.mu.Unlock()
	if cancel == nil {
		return nil
	}
	cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
