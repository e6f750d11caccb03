package streamgate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
	"github.com/streamgate/streamgate/upload"
)

// WithTranscoder makes what HLS cannot carry into what plays, by ffmpeg: see package
// transcode. What came before ffmpeg was installed, or before there was a transcoder,
// waits for it. nil is the defaults. Authorizer, Recorder, Publish, Logger and Cut are
// the Gate's own where they are not given, MaxDuration and NoEarlyPlay those of uploads.
// Beside WithMetadata it needs WithJobDatabase. Default: none, and such files fail.
func WithTranscoder(o *transcode.Options) Option {
	if o == nil {
		o = new(transcode.Options)
	}
	return func(all *options) { all.transcoder = o }
}

// WithFFmpeg says where ffmpeg is, and what its processes may take. Default: that of
// the variable STREAMGATE_FFMPEG, or of the PATH, with the limits of package ffmpeg. A
// Logger that is not given is the Gate's.
func WithFFmpeg(o *ffmpeg.Options) Option {
	return func(all *options) { all.ffmpeg = o }
}

// runsName is the folder in which ffmpeg writes.
const runsName = "ffmpeg"

// openTranscoder makes the transcoder, whose tasks are jobs of the Gate's queue.
func (g *Gate) openTranscoder(dir string) error {
	if g.o.transcoder == nil {
		return nil
	}
	if g.jobs == nil {
		return errors.New("streamgate: WithTranscoder needs WithJobDatabase beside WithMetadata")
	}
	runs, err := runsDir(dir, g.o.files == nil)
	if err != nil {
		return fmt.Errorf("streamgate: the transcoder: %w", err)
	}
	runner, err := ffmpeg.New(runs, g.programOptions())
	if err != nil {
		return fmt.Errorf("streamgate: the transcoder: %w", err)
	}
	g.closers = append(g.closers, runner.Close)
	if err := g.counts.Programs(runner); err != nil {
		return fmt.Errorf("streamgate: counting runs of ffmpeg: %w", err)
	}
	services := transcode.Services{Files: g.files, Metadata: g.meta, Queue: g.jobs, Programs: &countedPrograms{runner, g.counts}, Inspect: g.inspectMade}
	if g.coder, err = transcode.New(services, g.transcoderOptions()); err != nil {
		return fmt.Errorf("streamgate: %w", err)
	}
	return nil
}

// programOptions are those of WithFFmpeg. What they tell nobody, the log of the Gate is
// told.
func (g *Gate) programOptions() *ffmpeg.Options {
	var o ffmpeg.Options
	if g.o.ffmpeg != nil {
		o = *g.o.ffmpeg
	}
	if o.Logger == nil {
		o.Logger = g.o.logger
	}
	return &o
}

// runsDir is in the data directory where that is the Gate's own, and else among the
// system's temporary files, in a place that processes share: so what one leaves that is
// killed is found by the next.
func runsDir(dir string, own bool) (string, error) {
	if own || dir != "" {
		return filepath.Join(dir, runsName), nil
	}
	return ffmpeg.TempDir()
}

func (g *Gate) transcoderOptions() *transcode.Options {
	o := *g.o.transcoder
	if o.Authorizer == nil {
		o.Authorizer = g.o.authorizer
	}
	if o.Recorder == nil {
		o.Recorder = g.recorder()
	}
	if o.Publish == nil {
		o.Publish = g.dispatcher.Publish
	}
	if o.Logger == nil {
		o.Logger = g.o.logger
	}
	if o.Cut.Target == 0 {
		o.Cut = g.cut()
	}
	of := g.uploadOptions() // what holds for uploads holds for what is made of them
	if o.MaxDuration == 0 {
		o.MaxDuration = of.MaxDuration
	}
	o.NoEarlyPlay = o.NoEarlyPlay || of.NoEarlyPlay
	return &o
}

// haveBeside has made what is missing beside what plays as it came: a poster, and sound
// that every browser decodes.
func (g *Gate) haveBeside(ctx context.Context, e events.Event) error {
	if err := g.coder.Poster(ctx, e.Asset); err != nil {
		return err
	}
	return g.coder.Sound(ctx, e.Asset)
}

// inspectMade takes what the transcoder made, as any other upload is taken.
func (g *Gate) inspectMade(ctx context.Context, u *metadata.Upload) error {
	return g.uploads.Inspect(ctx, u)
}

// recoverAgain is what is recovered now and then, while the queue runs.
func (g *Gate) recoverAgain(ctx context.Context) error {
	g.recoverTranscodes(ctx)
	return g.recoverUploads(ctx)
}

// recoverTranscodes finds what came while there was no transcoder, and what nobody
// goes on with.
func (g *Gate) recoverTranscodes(ctx context.Context) {
	if g.coder == nil {
		return
	}
	if err := g.coder.Recover(ctx); err != nil {
		g.o.logger.ErrorContext(ctx, "could not look for all that waits for the transcoder", "error", err)
	}
}

// transcodeRoutes are those of the transcoder, where there is one.
func (g *Gate) transcodeRoutes() ([]route, error) {
	if g.coder == nil {
		return nil, nil
	}
	h, err := transcode.NewHandler(g.coder, &transcode.HandlerOptions{CrossOrigin: g.crossOrigin})
	if err != nil {
		return nil, fmt.Errorf("streamgate: %w", err)
	}
	return []route{
		{path: "/v1/transcodes", service: "transcoder", shared: true, handler: h, endpoints: []endpoint{{pattern: ""}, {pattern: "/{id}"}}},
		{
			path: "/v1/transcode-profiles", service: "transcoder", shared: true, exact: true,
			handler: transcode.NewProfilesHandler(g.coder), endpoints: []endpoint{{pattern: ""}},
		},
	}, nil
}

// replaced tells the transcoder of what it need not go on with; nil without one.
func (g *Gate) replaced() upload.WaitsFunc {
	if g.coder == nil {
		return nil
	}
	return g.coder.Replaced
}

// waits is what tells the transcoder of a file; nil without one.
func (g *Gate) waits() upload.WaitsFunc {
	if g.coder == nil {
		return nil
	}
	return g.coder.Wait
}
