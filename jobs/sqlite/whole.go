package sqlite

import (
	"context"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// whole is River's executor within a transaction that others share: none of the
// statements that package jobs uses is interrupted.
type whole struct{ riverdriver.Executor }

func (w whole) JobCancel(ctx context.Context, p *riverdriver.JobCancelParams) (*rivertype.JobRow, error) {
	return w.Executor.JobCancel(context.WithoutCancel(ctx), p)
}

func (w whole) JobDeleteMany(ctx context.Context, p *riverdriver.JobDeleteManyParams) ([]*rivertype.JobRow, error) {
	return w.Executor.JobDeleteMany(context.WithoutCancel(ctx), p)
}

func (w whole) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	return w.Executor.JobGetAvailable(context.WithoutCancel(ctx), p)
}

func (w whole) JobGetByID(ctx context.Context, p *riverdriver.JobGetByIDParams) (*rivertype.JobRow, error) {
	return w.Executor.JobGetByID(context.WithoutCancel(ctx), p)
}

func (w whole) JobInsertFastMany(ctx context.Context, p *riverdriver.JobInsertFastManyParams) ([]*riverdriver.JobInsertFastResult, error) {
	return w.Executor.JobInsertFastMany(context.WithoutCancel(ctx), p)
}

func (w whole) JobRetry(ctx context.Context, p *riverdriver.JobRetryParams) (*rivertype.JobRow, error) {
	return w.Executor.JobRetry(context.WithoutCancel(ctx), p)
}

func (w whole) JobSchedule(ctx context.Context, p *riverdriver.JobScheduleParams) ([]*riverdriver.JobScheduleResult, error) {
	return w.Executor.JobSchedule(context.WithoutCancel(ctx), p)
}

func (w whole) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	return w.Executor.JobSetStateIfRunningMany(context.WithoutCancel(ctx), p)
}

func (w whole) JobUpdateFull(ctx context.Context, p *riverdriver.JobUpdateFullParams) (*rivertype.JobRow, error) {
	return w.Executor.JobUpdateFull(context.WithoutCancel(ctx), p)
}

func (w whole) QueueCreateOrSetUpdatedAt(ctx context.Context, p *riverdriver.QueueCreateOrSetUpdatedAtParams) (*rivertype.Queue, error) {
	return w.Executor.QueueCreateOrSetUpdatedAt(context.WithoutCancel(ctx), p)
}

func (w whole) QueuePause(ctx context.Context, p *riverdriver.QueuePauseParams) error {
	return w.Executor.QueuePause(context.WithoutCancel(ctx), p)
}

func (w whole) QueueResume(ctx context.Context, p *riverdriver.QueueResumeParams) error {
	return w.Executor.QueueResume(context.WithoutCancel(ctx), p)
}
