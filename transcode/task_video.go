package transcode

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// video encodes a chunk.
func (t *Transcoder) video(ctx context.Context, w *work) error {
	p, kept, err := t.planOf(ctx, w.record)
	if err != nil {
		return err
	}
	if w.args.Chunk >= len(kept.Chunks) {
		return problem.Errorf(ErrOutput, "there is no chunk %d in the plan", w.args.Chunk)
	}
	in, done, err := t.pictures(ctx, w)
	if err != nil {
		return err
	}
	defer done()
	part := partVideo(w.args.Chunk)
	if w.args.First {
		part = partFirst
	}
	var refused map[string]string
	if rungs := w.rungsOf(p); len(rungs) > 0 {
		refused, err = t.encode(ctx, w, part, p, in, kept.Chunks[w.args.Chunk], rungs)
		if err != nil {
			return err
		}
	}
	return t.publish(ctx, w, part, refused)
}

// rungsOf are those in which the task encodes its chunk.
func (w *work) rungsOf(p *Plan) []Output {
	rungs := slices.Clone(p.Video)
	switch {
	case w.args.First:
		rungs = p.First()
	case w.Carry == Encoded && w.args.Chunk == 0:
		rungs = rungs[len(p.First()):]
	}
	return slices.DeleteFunc(rungs, func(o Output) bool { return w.failed(o.Name) })
}

func (r *record) failed(name string) bool {
	return slices.ContainsFunc(r.Rungs, func(x rung) bool { return x.Name == name && x.State == metadata.Failed })
}

// encode encodes a chunk in all rungs by one command. Where that fails for good, each
// rung is tried by itself, so that what one of them trips over is not the end of all:
// those that fail are returned with their reasons.
func (t *Transcoder) encode(ctx context.Context, w *work, part string, p *Plan, in ffmpeg.Input, c Chunk, rungs []Output) (map[string]string, error) {
	err := t.encodeIn(ctx, w, part, p, in, c, rungs)
	if err == nil || ctx.Err() != nil || !t.final(w, err) {
		return nil, err
	}
	refused := map[string]string{}
	for i := range rungs {
		alone := err
		if len(rungs) > 1 {
			alone = t.encodeIn(ctx, w, part, p, in, c, rungs[i:i+1])
		}
		switch {
		case alone == nil:
		case ctx.Err() != nil:
			return nil, alone
		case rungs[i].Name == p.Video[0].Name && w.Carry == Encoded:
			return nil, alone // it is what plays
		default:
			refused[rungs[i].Name] = reason(alone)
		}
	}
	return refused, nil
}

func (t *Transcoder) encodeIn(ctx context.Context, w *work, part string, p *Plan, in ffmpeg.Input, c Chunk, rungs []Output) (err error) {
	cmd := p.VideoCommand(in, c, rungs)
	cmd.Progress = t.follow(w, part)
	res, err := t.Programs.Run(ctx, cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Close()) }()
	for i := range rungs {
		name := rungs[i].File()
		if _, err := t.keep(ctx, filepath.Join(res.Dir, name), partKey(w.upload, part, w.by(), name)); err != nil {
			return err
		}
	}
	return nil
}

// publish writes down that a part is there, once, and has it joined.
func (t *Transcoder) publish(ctx context.Context, w *work, part string, refused map[string]string) error {
	return t.update(ctx, w, true, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		r.Parts[part] = w.by()
		for name, why := range refused {
			r.fails(name, why)
		}
		return t.submit(ctx, tx, u, kindAssemble, jobs.Urgent, args{})
	})
}
