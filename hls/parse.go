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

func (p *parser) parse(ctx context.Context, s source) (*media.Index, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.slots }()
	return media.Parse(ctx, s, s.size, &media.Options{Cut: p.cut})
}
