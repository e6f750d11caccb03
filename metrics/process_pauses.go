package metrics

import (
	"runtime/debug"
	"strconv"
	"time"
)

// pauses is a summary of the pauses of the garbage collector.
type pauses struct{ layout }

func newPauses(constant string) *pauses {
	return &pauses{newLayout(description{name: goPauses.name, help: goPauses.help, kind: goPauses.kind}, constant)}
}

var pauseQuantiles = [...]string{`quantile="0"`, `quantile="0.25"`, `quantile="0.5"`, `quantile="0.75"`, `quantile="1"`}

func (*pauses) empty() bool { return false }

func (s *pauses) expose(p *page) {
	stats := debug.GCStats{PauseQuantiles: make([]time.Duration, len(pauseQuantiles))}
	debug.ReadGCStats(&stats)
	for i, q := range stats.PauseQuantiles {
		p.b = append(appendFloat(s.sample(p.b, "", "", pauseQuantiles[i]), q.Seconds()), '\n')
	}
	p.b = append(appendFloat(s.sample(p.b, "_sum", "", ""), stats.PauseTotal.Seconds()), '\n')
	p.b = append(strconv.AppendInt(s.sample(p.b, "_count", "", ""), stats.NumGC, 10), '\n')
}
