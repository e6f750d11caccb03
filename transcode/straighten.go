package transcode

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// jumping are containers whose times may jump: a recording goes on after an interruption,
// or files of two were glued together.
var jumping = []string{"mpegts", "mpeg"}

// straighten has the transcode made of a file whose times do not jump, where those of
// its source do: every command, and every chunk, would take them for something else.
// ffmpeg closes such gaps for all streams alike when it copies the packets. So it does
// where packets have more of sound than ffmpeg decodes, see bundles. It replaces the
// input, and what is known of it; done closes the new one. times are of the picture,
// where they had to be asked for.
func (t *Transcoder) straighten(ctx context.Context, w *work, in *ffmpeg.Input, found **ffmpeg.Source) (times *ffmpeg.Times, done func(), err error) {
	none := func() {}
	s := SourceOf(*found, false)
	if w.Straight != "" {
		return nil, none, nil
	}
	bundled, err := t.bundles(ctx, *in, *found)
	if err != nil {
		return nil, none, err
	}
	if bundled == nil {
		if s.Video == nil || s.Video.PixelFormat == "" || !slices.Contains(jumping, s.Format) {
			return nil, none, nil
		}
		times, err = t.times(ctx, *in, &s)
		if err != nil || times.Jumps == 0 {
			return times, none, err
		}
	}
	r := *w.record // that of others, too
	if r.Straight, err = t.straightened(ctx, w, *in, &s, bundled); err != nil {
		return nil, none, err
	}
	w.record = &r
	straight, done, err := t.input(ctx, w)
	if err != nil {
		return nil, none, err
	}
	if *found, err = t.Programs.Probe(ctx, straight); err != nil {
		done()
		return nil, none, err
	}
	*in = straight
	return nil, done, nil
}

// times are those of the picture.
func (t *Transcoder) times(ctx context.Context, in ffmpeg.Input, s *Source) (*ffmpeg.Times, error) {
	times, err := t.Programs.Times(ctx, in, s.Video.Stream)
	return &times, err
}

// straightened makes the file, and returns its key.
func (t *Transcoder) straightened(ctx context.Context, w *work, in ffmpeg.Input, s *Source, bundled []bundle) (_ string, err error) {
	cmd := StraightCommand(in, s)
	if bundled != nil {
		parts, failed := t.Programs.Run(ctx, splitCommand(in, bundled))
		if failed != nil {
			return "", fmt.Errorf("transcode: splitting the sound of %s: %w", w.upload.ID, failed)
		}
		defer func() { err = errors.Join(err, parts.Close()) }()
		cmd = unbundleCommand(in, s, bundled, parts.Dir)
	}
	res, err := t.Programs.Run(ctx, cmd)
	if err != nil {
		return "", fmt.Errorf("transcode: straightening the times of %s: %w", w.upload.ID, err)
	}
	defer func() { err = errors.Join(err, res.Close()) }()
	key := partKey(w.upload, partStraight, w.by(), "")
	_, err = t.keep(ctx, filepath.Join(res.Dir, StraightFile), key)
	return key, err
}

// StraightCommand copies what is used of a source into a Matroska file called
// StraightFile, in which times do not jump.
func StraightCommand(in ffmpeg.Input, s *Source) *ffmpeg.Command {
	var args []string
	if s.Video != nil {
		args = append(args, "-map", streamOf(s.Video.Stream))
	}
	for _, a := range s.Audio {
		if a.Channels > 0 {
			args = append(args, "-map", streamOf(a.Stream))
		}
	}
	for _, x := range s.Subtitles {
		if x.Text {
			args = append(args, "-map", streamOf(x.Stream))
		}
	}
	return &ffmpeg.Command{
		Inputs:  []ffmpeg.Input{in},
		Outputs: []ffmpeg.Output{{Name: StraightFile, Args: append(args, "-c", "copy", "-f", "matroska")}},
	}
}

// StraightFile is what StraightCommand calls its file.
const StraightFile = "straight.mkv"
