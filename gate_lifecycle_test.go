package streamgate

import (
	"context"
	"strings"
	"testing"
)

// Whichever worker does not start: the Gate says so each time that it is asked to
// start, none of the others runs on, and it can be stopped.
func TestAGateWhoseWorkersDoNotStart(t *testing.T) {
	for name, c := range map[string]struct {
		begin func(g *Gate) error // has it fail
		want  string
	}{
		"its dispatcher": {func(g *Gate) error { return g.dispatcher.Start(t.Context()) }, "dispatcher"},
		"its queue":      {func(g *Gate) error { return g.jobs.Start(t.Context()) }, "Queue"},
		"its settler, where there is no queue": {func(g *Gate) error {
			g.jobs = nil
			return g.settler.Start(t.Context())
		}, "Settler"},
	} {
		t.Run(name, func(t *testing.T) {
			g := tight(t, WithSettling(nil))
			if err := c.begin(g); err != nil {
				t.Fatal(err)
			}
			if err := g.Start(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the first time: %v", err)
			}
			if err := g.Start(t.Context()); err == nil || strings.Contains(err.Error(), "a Gate can be started once") {
				t.Errorf("the second time: %v", err)
			}
			if g.is(starting) || g.is(running) {
				t.Error("it counts as one that has started")
			}
			if err := g.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}
