package playcheck

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// seek checks that a player that jumps into a presentation sees the same as one
// that came along: the middle segment of each video rendition, decoded on its
// own, gives the pictures that it gives in the whole, from its first on.
// Pictures that are shown before that one may lack what they refer to.
func (c *comparison) seek(t testing.TB, all map[string]*rendition) {
	for uri, r := range all {
		if c.short || r == nil || r.head.handler != "vide" || r.middle == "" {
			continue
		}
		p, err := probe(t.Context(), c.dir, r.middle)
		if err != nil || len(p.streams) != 1 {
			c.result.problem("ffprobe does not read a segment of %s alone: %v", uri, err)
			continue
		}
		alone, run := decode(t.Context(), c.dir, "alone-"+strings.TrimSuffix(filepath.Base(r.middle), ".mp4"), r.middle, p.streams)
		if run.err != nil {
			c.result.problem("ffmpeg does not decode a segment of %s alone: %v", uri, run.err)
			continue
		}
		if err := c.shown(alone[0], r.jump); err != nil {
			c.result.problem("a player that jumps into %s: %v", uri, err)
		}
	}
}

// shown says whether the frames of d from a time on are among those that were
// decoded of the whole at the same time.
func (c *comparison) shown(d *decoded, from float64) error {
	key := func(u unit) string { return fmt.Sprintf("%.0f %s", u.at*1e4, u.key) }
	whole := map[string]bool{}
	for _, p := range c.pairs {
		for _, f := range p.frames {
			whole[key(f)] = true
		}
	}
	seen, wrong, first := 0, 0, math.Inf(1)
	for _, f := range d.frames {
		if f.at < from-syncTolerance {
			continue
		}
		if seen++; !whole[key(f)] {
			wrong++
			first = min(first, f.at)
		}
	}
	switch {
	case seen == 0:
		return fmt.Errorf("sees nothing at %.3f s", from)
	case wrong > 0:
		return fmt.Errorf("sees other pictures: %d of %d from %.3f s on", wrong, seen, first)
	}
	return nil
}
