package streamgate

import (
	"fmt"
	"strings"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metrics"
)

// openMetrics makes what is counted, before whatever counts it.
func (g *Gate) openMetrics() (err error) {
	g.registry = g.o.metrics
	if g.registry == nil {
		if g.registry, err = metrics.New(nil); err == nil {
			err = g.registry.AddProcess()
		}
	}
	if err == nil {
		g.counts, err = metrics.NewGate(g.registry)
	}
	if err == nil {
		g.closers = append(g.closers, g.counts.Close)
		err = g.counts.Bus(g.bus)
	}
	if err != nil {
		return fmt.Errorf("streamgate: the metrics (does another Gate count in this Registry? Each needs one of its own): %w", err)
	}
	return nil
}

// recorder is told of what the services do: first who may refuse it, then what
// counts it.
func (g *Gate) recorder() events.Recorder { return events.Join(g.trail, g.o.recorder, g.counts) }

// label is a pattern as the metrics write it, where a segment is a word or a
// {name}.
func label(pattern string) string {
	begin, ending, found := strings.Cut(pattern, "}.")
	if !found || strings.Contains(ending, "/") {
		return pattern
	}
	return begin + "}"
}
