package audit

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// pipeline reads blocks in one goroutine and checks them in others.
type pipeline struct {
	v       *verifier
	r       io.Reader
	ordered chan block // in their order
	work    chan block
	running sync.WaitGroup
	err     error // of reading; to look at once ordered is closed
}

func newPipeline(v *verifier, r io.Reader) *pipeline {
	return &pipeline{
		v: v, r: r,
		ordered: make(chan block, v.workers), work: make(chan block, v.workers),
	}
}

func (p *pipeline) start(ctx context.Context) {
	p.running.Go(func() {
		defer close(p.ordered)
		defer close(p.work)
		p.err = split(p.r, p.room, func(b block) bool {
			b.result = make(chan span, 1)
			return p.send(ctx, p.ordered, b) && (!b.whole || p.send(ctx, p.work, b))
		})
		if p.err == nil {
			p.err = ctx.Err()
		}
	})
	for range p.v.workers {
		p.running.Go(func() {
			for b := range p.work {
				b.result <- checkSpan(b.data, p.v.keys, p.v.wanted)
			}
		})
	}
}

func (*pipeline) send(ctx context.Context, to chan<- block, b block) bool {
	select {
	case to <- b:
		return true
	case <-ctx.Done():
		b.result <- span{} // for who took it from the other channel already
		return false
	}
}

// room is a buffer, one that is not needed any more if there is one.
func (p *pipeline) room() []byte {
	select {
	case b := <-p.v.free:
		return b
	default:
		return make([]byte, blockSize)
	}
}

func (p *pipeline) recycle(b block) {
	if b.room == nil {
		return
	}
	select {
	case p.v.free <- b.room:
	default:
	}
}

// wait returns when nothing of it runs any more.
func (p *pipeline) wait() { p.running.Wait() }

// failure is why reading ended, if not with the file.
func (p *pipeline) failure(name string) error {
	if p.err == nil {
		return nil
	}
	return fmt.Errorf("audit: verifying %s: %w", name, p.err)
}
