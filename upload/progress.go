package upload

import (
	"context"
	"sync"
	"time"

	"github.com/streamgate/streamgate/events"
)

// publishEvery is the pace of the progress of one upload, however many requests
// it comes by.
const publishEvery = 250 * time.Millisecond

// pace remembers when the progress of each upload was last published.
type pace struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// due says whether it is time again, and if so counts from now.
func (p *pace) due(id string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.last[id]) < publishEvery {
		return false
	}
	if p.last == nil || len(p.last) >= 1000 {
		p.prune(now)
	}
	p.last[id] = now
	return true
}

// prune forgets what is due again: to have forgotten it changes nothing.
func (p *pace) prune(now time.Time) {
	recent := make(map[string]time.Time)
	for id, t := range p.last {
		if now.Sub(t) < publishEvery {
			recent[id] = t
		}
	}
	p.last = recent
}

func (s *session) publish(ctx context.Context, now time.Time) {
	if !s.up.pace.due(s.u.ID, now) {
		return
	}
	e := s.up.event(ctx, events.UploadProgress, s.u)
	e.Data = map[string]any{"offset": s.u.Offset, "size": s.u.Size}
	s.up.o.Publish(e)
}
