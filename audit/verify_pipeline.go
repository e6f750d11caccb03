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
	block   int        // bytes of a block
	ordered chan block // in their order
	work    chan block
	running sync.WaitGroup
	err     error // of reading; to look at once ordered is closed
}

// newPipeline reads what the file has now: it may grow meanwhile.
func newPipeline(v *verifier, r io.ReadSeeker) (*pipeline, error) {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return &pipeline{
		v: v, r: io.LimitReader(r, size), block: int(min(size, blockSize-1)) + 1,
		ordered: make(chan block, v.workers), work: make(chan block, v.workers),
	}, nil
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
	if p.block == blockSize {
		select {
		case b := <-p.v.free:
			return b
		default:
		}
	}
	return make([]byte, p.block)
}

func (p *pipeline) recycle(b block) {
	if len(b.room) != blockSize {
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
