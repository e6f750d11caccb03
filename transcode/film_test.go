package transcode_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// transcodeFile makes what plays of a file, in a folder: the smallest rung with its
// sound, or the file in another container. It returns the path, and how many frames
// ffmpeg says were encoded.
func transcodeFile(ctx context.Context, r *ffmpeg.Runner, in ffmpeg.Input, profile transcode.Profile, dir string) (string, error) {
	f, err := r.Probe(ctx, in)
	if err != nil {
		return "", err
	}
	p, err := transcode.Ladder(transcode.SourceOf(f, false), profile)
	if err != nil {
		return "", err
	}
	w := worker{ctx: ctx, runner: r, in: in, dir: dir}
	if p.Carriage == transcode.Remuxed {
		return filepath.Join(dir, transcode.RemuxFile), w.run(p.RemuxCommand(in, nil))
	}
	keys, err := w.keys(f, &p)
	if err != nil {
		return "", err
	}
	return w.join(&p, p.Chunks(p.Cuts(f.Duration), keys, f.Duration, 1))
}

// A worker does what plans say.
type worker struct {
	ctx    context.Context
	runner *ffmpeg.Runner
	in     ffmpeg.Input
	dir    string
}

func (w *worker) keys(f *ffmpeg.Source, p *transcode.Plan) ([]time.Duration, error) {
	if p.Source().Video == nil {
		return nil, nil
	}
	keys, err := w.runner.KeyFrames(w.ctx, w.in, p.Source().Video.Stream)
	return transcode.Since(f.Start, keys), err
}

// run runs a command and keeps its files.
func (w *worker) run(c *ffmpeg.Command) error {
	result, err := w.runner.Run(w.ctx, c)
	if err != nil {
		return err
	}
	for _, o := range c.Outputs {
		if o.Name != "" {
			err = errors.Join(err, os.Rename(filepath.Join(result.Dir, o.Name), filepath.Join(w.dir, o.Name)))
		}
	}
	return errors.Join(err, result.Close())
}

func (w *worker) part(name string) (transcode.Part, error) {
	f, err := os.Open(filepath.Join(w.dir, name))
	if err != nil {
		return transcode.Part{}, err
	}
	context.AfterFunc(w.ctx, func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		return transcode.Part{}, err
	}
	return transcode.Part{ReaderAt: f, Size: info.Size()}, nil
}

func (w *worker) sound(p *transcode.Plan) (all []transcode.Sound, err error) {
	for _, t := range p.Audio {
		if err := w.run(p.AudioCommand(w.in, t, nil)); err != nil {
			return nil, err
		}
		part, err := w.part(t.File())
		if err != nil {
			return nil, err
		}
		all = append(all, transcode.Sound{Part: part, Language: t.Language})
	}
	return all, nil
}

// join encodes the smallest rung of all chunks, and puts it together with the sound.
func (w *worker) join(p *transcode.Plan, chunks []transcode.Chunk) (string, error) {
	sound, err := w.sound(p)
	if err != nil {
		return "", err
	}
	path := filepath.Join(w.dir, "plays.mp4")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if p.Source().Video == nil {
		j, err := transcode.NewJoiner(f, nil, sound)
		if err != nil {
			return "", err
		}
		return path, j.Finish()
	}
	var j *transcode.Joiner
	for _, c := range chunks {
		if err := w.run(p.VideoCommand(w.in, c, p.First())); err != nil {
			return "", err
		}
		part, err := w.part(p.Video[0].File())
		if err == nil && j == nil {
			j, err = transcode.NewJoiner(f, &part, sound)
		}
		if err == nil {
			err = j.Append(w.ctx, part)
		}
		if err != nil {
			return "", fmt.Errorf("chunk %d: %w", c.Number, err)
		}
	}
	return path, j.Finish()
}

// tracks says what plays of a file.
func tracks(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	ix, err := media.Parse(ctx, f, info.Size(), nil)
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("%.1f s", ix.Duration)
	for _, t := range ix.Tracks {
		said += fmt.Sprintf(", %s %s", t.Kind, t.Codec)
		if t.Kind == media.Video {
			said += fmt.Sprintf(" %dx%d", t.Width, t.Height)
		}
	}
	return said, nil
}
