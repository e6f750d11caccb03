package sqlite

import (
	"context"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivershared/baseservice"
	"github.com/riverqueue/river/rivershared/riverpilot"
	"github.com/riverqueue/river/rivertype"
)

// driver is River's for SQLite, but for two things. It has no listener, which in
// SQLite is a table that is polled: the one process there is hears of its own jobs
// from itself. And the questions that River's client repeats all the time are put
// to the readers, so that they wait for nobody who writes, nor the other way round.
type driver struct {
	*riversqlite.Driver

	pilot riverpilot.Pilot
	reads riverdriver.Executor
}

func (d *driver) SupportsListener() bool { return false }

func (d *driver) SupportsListenNotify() bool { return false }

func (d *driver) GetExecutor() riverdriver.Executor {
	return executor{d.Driver.GetExecutor(), d.reads}
}

// PluginInit and PluginPilot are how River's client asks for a Pilot.
func (d *driver) PluginInit(*baseservice.Archetype) {}

func (d *driver) PluginPilot() riverpilot.Pilot { return d.pilot }

type executor struct {
	riverdriver.Executor

	reads riverdriver.Executor
}

func (e executor) QueueGet(ctx context.Context, p *riverdriver.QueueGetParams) (*rivertype.Queue, error) {
	return e.reads.QueueGet(ctx, p)
}

func (e executor) JobGetCancelRequested(ctx context.Context, p *riverdriver.JobGetCancelRequestedParams) ([]int64, error) {
	return e.reads.JobGetCancelRequested(ctx, p)
}
