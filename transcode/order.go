package transcode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// unsorted reports whether a picture could be put into another container if it were
// known when it shows, and that can be found out. Whether pictures are reordered at all
// ffprobe tells by the first ones alone, where the stream itself does not, and rates of
// AVI that ffmpeg copied are twice what they are: so none is believed.
func (v *Video) unsorted(format string) bool {
	if v == nil || v.Codec != "h264" || !slices.Contains(unordered, format) {
		return false
	}
	timed := *v
	timed.Timed = true
	return timed.copies(format)
}

// order has the pictures of a file whose container does not say when they show put into
// one of their own that does, where that can be told from how they are coded. It
// changes s, what is known of the source, and opens the new file: pictures are from
// there. Where it cannot be told, why says so.
func (t *Transcoder) order(ctx context.Context, w *work, in ffmpeg.Input, found *ffmpeg.Source, s *Source) (pictures ffmpeg.Input, why string, done func(), err error) {
	none := func() {}
	if !s.Video.unsorted(s.Format) {
		return in, "", none, nil
	}
	key, err := t.putInOrder(ctx, w, in, s)
	if err != nil {
		if ctx.Err() != nil || !t.final(w, err) {
			return in, "", none, err
		}
		if s.Video.Reordered {
			why = reason(err)
		}
		return in, why, none, nil
	}
	r := *w.record // that of others, too
	r.Ordered = key
	w.record = &r
	pictures, done, err = t.pictures(ctx, w)
	if err != nil {
		return in, "", none, err
	}
	seen, err := t.Programs.Probe(ctx, pictures)
	if err == nil && len(seen.Video) != 1 {
		err = problem.Errorf(ErrOutput, "pictures were put in order, and there are none")
	}
	if err != nil {
		done()
		return in, "", none, err
	}
	s.timed(found, seen)
	return pictures, "", done, nil
}

// timed has a source say of its pictures what is known of the file that they are in now.
func (s *Source) timed(found, seen *ffmpeg.Source) {
	was := s.Video
	s.Video = videoOf(&seen.Video[0], seen)
	s.Video.Start = seen.Video[0].Start - found.Start
	s.Video.Bitrate, s.Video.Timed = cmp.Or(was.Bitrate, s.Video.Bitrate), true
}

// putInOrder makes the file, and returns its key.
func (t *Transcoder) putInOrder(ctx context.Context, w *work, in ffmpeg.Input, s *Source) (_ string, err error) {
	res, err := t.Programs.Run(ctx, OrderCommand(in, s))
	if err != nil {
		return "", fmt.Errorf("transcode: copying the pictures of %s: %w", w.upload.ID, err)
	}
	defer func() { err = errors.Join(err, res.Close()) }()
	f, err := os.Open(filepath.Join(res.Dir, OrderFile))
	if err != nil {
		return "", fmt.Errorf("transcode: opening what ffmpeg wrote: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	o, err := orderOf(ctx, Part{ReaderAt: f, Size: info.Size()})
	if err != nil {
		return "", err
	}
	key := partKey(w.upload, partOrdered, w.by(), "")
	_, err = t.write(ctx, key, func(dst io.Writer) error { return o.write(ctx, dst) })
	return key, err
}

// OrderCommand copies the picture of a source, whose times are those of decoding, into a
// file called OrderFile, from which is told when each picture shows.
func OrderCommand(in ffmpeg.Input, s *Source) *ffmpeg.Command {
	args := []string{"-map", streamOf(s.Video.Stream), "-c", "copy"}
	return &ffmpeg.Command{
		Args: timed(), Inputs: with(in, "-fflags", "+genpts", "-an", "-sn", "-dn"), Length: s.Duration,
		Outputs: []ffmpeg.Output{{Name: OrderFile, Args: append(args, fragments("-movflags", "+delay_moov", "-frag_duration", "2000000")...)}},
	}
}

// OrderFile is what OrderCommand calls its file.
const OrderFile = "order.mp4"

// pictures opens the file that pictures are of: one of their own, where the container
// of the source does not say when they show, else the source. Call done after.
func (t *Transcoder) pictures(ctx context.Context, w *work) (in ffmpeg.Input, done func(), err error) {
	if w.Ordered == "" {
		return t.input(ctx, w)
	}
	in, done, err = t.open(ctx, &file{key: w.Ordered, kind: media.TypeMP4})
	if err != nil {
		return in, nil, fmt.Errorf("transcode: opening the pictures of %s: %w", w.upload.ID, err)
	}
	return in, done, nil
}

// unsure says why pictures are encoded that could have been copied.
func (p *Plan) unsure(why string) {
	if why != "" && p.Carriage == Encoded {
		p.leave("the picture is not copied as it is: its container does not say when pictures show, and how they are coded does not tell for certain: %s", why)
	}
}
