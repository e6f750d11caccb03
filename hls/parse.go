package hls

import (
	"context"
	"runtime"

	"github.com/streamgate/streamgate/media"
)

// A parser makes indexes of sources, only so many at a time.
type parser struct {
	cut   media.Cut
	slots chan struct{}
}

func newParser(atOnce int, cut media.Cut) parser {
	if atOnce <= 0 {
		atOnce = runtime.GOMAXPROCS(0)
	}
	return parser{cut: cut, slots: make(chan struct{}, atOnce)}
}

func (p *parser) parse(ctx context.Context, s source, o *media.Options) (*media.Index, error) {
	if err := p.enter(ctx); err != nil {
		return nil, err
	}
	defer p.leave()
	with := *o
	with.Remote = s.file == nil
	return media.Parse(ctx, s, s.size, &with)
}

// enter waits for a slot, which leave gives back.
func (p *parser) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *parser) leave() { <-p.slots }
