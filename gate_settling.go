package streamgate

import (
	"context"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage"
)

// WithSettling rewrites what became ready, in the background, so that each segment
// lies in one run: see package settle. What is served stays what it is, bit by bit,
// and takes less of the CPU, or a single request to an object storage. It takes the
// room of the file once more, unless originals are dropped. Where the Gate has a queue,
// each asset is a job of the kind "settle", which whichever process is free does. f gets
// the options as the Gate has set them; it may be nil, and the option may be given more
// than once. Default: on, with the originals kept, for a WithStorage whose blobs are no
// files of this system, and off for all others.
func WithSettling(f func(o *settle.Options)) Option {
	if f == nil {
		f = func(*settle.Options) {}
	}
	return func(o *options) { o.settling, o.unsettled = append(o.settling, f), false }
}

// WithoutSettling plays every file as it came. Default: see WithSettling.
func WithoutSettling() Option {
	return func(o *options) { o.settling, o.unsettled = nil, true }
}

// settles reports whether files are rewritten.
func (g *Gate) settles() bool {
	if g.o.unsettled || len(g.o.settling) > 0 {
		return !g.o.unsettled
	}
	_, files := g.files.(storage.FileOpener)
	return !files
}

func (g *Gate) openSettling() (err error) {
	if !g.settles() {
		return nil
	}
	o := &settle.Options{
		Cut:      g.cut(),
		Needed:   g.needsOriginal,
		Alone:    g.o.files == nil, // the data directory is this process's own
		Recorder: g.recorder(),
		Failed:   func(string, error) { g.counts.SettleFailures.Inc() },
		Logger:   g.o.logger,
	}
	for _, change := range g.o.settling {
		change(o)
	}
	g.settling = o
	if g.settler, err = settle.New(g.files, g.meta, o); err != nil {
		return err
	}
	g.dispatcher.Handle("settle what is ready", g.settleSoon, events.AssetReady, events.AssetUpdated)
	return nil
}

// needsOriginal asks the transcoder, which is made later.
func (g *Gate) needsOriginal(ctx context.Context, tx metadata.Tx, a *metadata.Asset) (bool, error) {
	if g.coder == nil {
		return false, nil
	}
	return g.coder.Needs(ctx, tx, a)
}

// settleSoon has settled what became ready, and what got another file beside its
// source.
func (g *Gate) settleSoon(ctx context.Context, e events.Event) error {
	switch {
	case e.Type != events.AssetReady && e.Data["rendition"] == nil:
	case g.jobs != nil:
		return g.settleNow(ctx, e.Asset)
	default:
		g.settler.Queue(e.Asset)
	}
	return nil
}

// startSettling looks for what is left to do. Where there is a queue, which is started
// later, that is a job, too.
func (g *Gate) startSettling(ctx context.Context) error {
	switch {
	case g.settler == nil:
		return nil
	case g.jobs == nil:
		return g.settler.Start(ctx)
	}
	_, err := g.jobs.Submit(ctx, jobs.Job{Kind: kindSettles, Unique: "all", Priority: jobs.Urgent})
	return err
}

func (g *Gate) stopSettling(ctx context.Context) error {
	if g.settler == nil {
		return nil
	}
	return g.settler.Stop(ctx)
}
