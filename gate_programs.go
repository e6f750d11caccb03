package streamgate

import (
	"context"
	"errors"
	"time"

	"github.com/streamgate/streamgate/metrics"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// countedPrograms counts runs of ffmpeg and ffprobe.
type countedPrograms struct {
	transcode.Programs

	counts *metrics.Gate
}

// Run implements transcode.Programs.
func (p *countedPrograms) Run(ctx context.Context, c *ffmpeg.Command) (*ffmpeg.Result, error) {
	begin := time.Now()
	res, err := p.Programs.Run(ctx, c)
	p.count("ffmpeg", begin, err)
	if err == nil && res.Progress.Time > 0 {
		p.counts.EncodedSeconds.Add(int64(res.Progress.Time.Seconds() + 0.5))
		if took := res.Elapsed.Seconds(); took > 0 {
			p.counts.EncodingSpeed.Observe(res.Progress.Time.Seconds() / took)
		}
	}
	return res, err
}

// Probe implements transcode.Programs.
func (p *countedPrograms) Probe(ctx context.Context, in ffmpeg.Input) (*ffmpeg.Source, error) {
	begin := time.Now()
	s, err := p.Programs.Probe(ctx, in)
	p.count("ffprobe", begin, err)
	return s, err
}

// Times implements transcode.Programs.
func (p *countedPrograms) Times(ctx context.Context, in ffmpeg.Input, stream int) (ffmpeg.Times, error) {
	begin := time.Now()
	times, err := p.Programs.Times(ctx, in, stream)
	p.count("ffprobe", begin, err)
	return times, err
}

func (p *countedPrograms) count(program string, begin time.Time, err error) {
	end := endOf(err)
	p.counts.ProgramRuns.With(program, end).Inc()
	switch end {
	case "missing", "busy", "refused": // nothing ran
	default:
		p.counts.ProgramDuration.With(program).ObserveDuration(time.Since(begin))
	}
}

// endOf says in a word how a run ended.
func endOf(err error) string {
	run, ran := errors.AsType[*ffmpeg.RunError](err)
	switch {
	case err == nil:
		return "done"
	case ran:
		return string(run.Class)
	case errors.Is(err, ffmpeg.ErrMissing):
		return "missing"
	case errors.Is(err, ffmpeg.ErrBusy):
		return "busy"
	}
	return "refused"
}
