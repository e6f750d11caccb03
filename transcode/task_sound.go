package transcode

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// sound copies or encodes a stream of sound.
func (t *Transcoder) sound(ctx context.Context, w *work) error {
	p, kept, err := t.planOf(ctx, w.record)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(p.Audio, func(a Track) bool { return a.Stream == w.args.Stream })
	if at < 0 {
		return problem.Errorf(ErrOutput, "there is no stream %d of sound in the plan", w.args.Stream)
	}
	in, done, err := t.input(ctx, w)
	if err != nil {
		return err
	}
	defer done()
	track := p.Audio[at]
	err = t.encodeSound(ctx, w, p, in, track, kept.Chunks)
	if err != nil && ctx.Err() == nil && t.final(w, err) && (len(w.Sounds) > 1 || w.Carry == AsItCame) {
		return t.leaveOut(ctx, w, track, reason(err))
	}
	return err
}

// encodeSound makes a stream of sound, whole, and publishes it as it grows.
func (t *Transcoder) encodeSound(ctx context.Context, w *work, p *Plan, in ffmpeg.Input, track Track, chunks []Chunk) (err error) {
	measured, err := t.measure(ctx, p, in, track)
	if err != nil {
		return err
	}
	part := partSound(track.Stream)
	f := &follower{t: t, w: w, stream: track.Stream, name: track.File()}
	defer f.close()
	if len(chunks) > 1 && w.Carry == Encoded {
		f.next = chunks[0].End
	}
	running, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	cmd := p.AudioCommand(in, track, measured)
	cmd.Begun = func(dir string) { f.begin(running, fail, dir) }
	cmd.Progress = t.follow(w, part)
	res, err := t.Programs.Run(running, cmd)
	if failed := f.end(); failed != nil {
		err = failed
	}
	if res != nil {
		defer func() { err = errors.Join(err, res.Close()) }()
	}
	if err != nil {
		return err
	}
	return f.whole(ctx, res.Dir)
}

// measure says how loud sound is that is to be encoded; nil for all other.
func (t *Transcoder) measure(ctx context.Context, p *Plan, in ffmpeg.Input, track Track) (*Loudness, error) {
	if track.Copy {
		return nil, nil //nolint:nilnil // it stays as it is
	}
	res, err := t.Programs.Run(ctx, p.MeasureCommand(in, track))
	if err != nil {
		return nil, err
	}
	l, err := ParseLoudness([]byte(res.Log))
	if err := errors.Join(err, res.Close()); err != nil {
		return nil, err
	}
	return &l, nil
}

// leaveOut goes on without a stream of sound, where there are others, or the asset plays
// without; with what there is of it, where that plays already.
func (t *Transcoder) leaveOut(ctx context.Context, w *work, track Track, why string) error {
	return t.update(ctx, w, true, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		part := partSound(track.Stream)
		if there := r.Heard[part]; u.Offset > 0 {
			r.Parts[part] = there.By
			r.Left = append(r.Left, fmt.Sprintf("the sound of stream %d after %s: %s", track.Stream, there.Until.Round(time.Second), why))
			return t.submit(ctx, tx, u, kindAssemble, jobs.Urgent, args{})
		}
		r.Sounds = slices.DeleteFunc(r.Sounds, func(s int) bool { return s == track.Stream })
		switch {
		case len(r.Sounds) > 0:
		case r.Carry == AsItCame:
			r.fails(string(track.Codec), why)
			return t.submit(ctx, tx, u, kindAssemble, jobs.Urgent, args{})
		default:
			return problem.Errorf(ErrSource, "none of the sound can be decoded: %s", why)
		}
		r.Left = append(r.Left, fmt.Sprintf("the sound of stream %d: %s", track.Stream, why))
		return t.submit(ctx, tx, u, kindAssemble, jobs.Urgent, args{})
	})
}

// remux puts what plays into another container: that is what the asset plays then.
func (t *Transcoder) remux(ctx context.Context, w *work) (err error) {
	p, _, err := t.planOf(ctx, w.record)
	if err != nil {
		return err
	}
	in, done, err := t.input(ctx, w)
	if err != nil {
		return err
	}
	defer done()
	var measured []*Loudness
	for _, track := range p.Audio {
		l, err := t.measure(ctx, p, in, track)
		if err != nil {
			return err
		}
		measured = append(measured, l)
	}
	cmd := p.RemuxCommand(in, measured)
	if w.Ordered != "" {
		pictures, shut, err := t.pictures(ctx, w)
		if err != nil {
			return err
		}
		defer shut()
		cmd = p.RemuxTimedCommand(in, pictures, measured)
	}
	cmd.Progress = t.follow(w, partRemux)
	res, err := t.Programs.Run(ctx, cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Close()) }()
	key := folder(w.upload) + partRemux + "-" + w.by()
	size, err := t.keep(ctx, filepath.Join(res.Dir, RemuxFile), key)
	if err != nil {
		return err
	}
	return t.update(ctx, w, true, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		r.Parts[partRemux], u.Key = w.by(), key
		t.complete(u, size)
		return t.submit(ctx, tx, u, kindAssemble, jobs.Urgent, args{})
	})
}
