package transcode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// number says of the sound of a file that plays as it came as which tracks it plays.
// What plays in place of the file was made of it, and plays everywhere.
func (t *Transcoder) number(ctx context.Context, a *metadata.Asset, s *Source) error {
	if !s.Plays {
		return nil
	}
	uploads, err := t.Metadata.UploadsOf(ctx, a.ID)
	if err != nil && !errors.Is(err, metadata.ErrNotFound) {
		return err
	}
	made := func(u *metadata.Upload) bool { return u.Protocol == metadata.ProtocolTranscode && u.Key == a.Source }
	if !slices.ContainsFunc(uploads, made) {
		s.number(a.Tracks)
	}
	return nil
}

// number finds each track of sound among the streams, which are in the same order; a
// stream that the packager leaves out is no track.
func (s *Source) number(tracks []metadata.Track) {
	next := 0
	for _, t := range tracks {
		if t.Kind != string(media.Audio) {
			continue
		}
		at := slices.IndexFunc(s.Audio[next:], func(a Audio) bool { return a.Codec == soundCodec(t.Codec) })
		if at < 0 {
			continue
		}
		s.Audio[next+at].ID = t.ID
		next += at + 1
	}
}

// soundCodec is what ffmpeg calls a codec of RFC 6381.
func soundCodec(name string) string {
	switch name = strings.ToLower(name); {
	case name == "mp4a.6b", name == "mp4a.69", name == "mp4a.40.34":
		return "mp3"
	case strings.HasPrefix(name, "mp4a."):
		return "aac"
	case name == "ac-3":
		return "ac3"
	case name == "ec-3":
		return "eac3"
	}
	return name
}

// later is by how much later than in a source everything stands in the presentation of
// its index.
func (s *Source) later(ix *media.Index) time.Duration {
	for _, t := range ix.Tracks {
		if t.Kind == media.Video && len(t.Segments) > 0 && s.Video != nil {
			return Ratio{int64(t.Timescale), 1}.at(t.Segments[0].Start+int64(t.Held)) - s.Video.Start // see CutsOf
		}
	}
	return 0
}

// joinSound puts all sound that is to be heard beside what plays into one file, and has
// it join that.
func (t *Transcoder) joinSound(ctx context.Context, w *work, rung int) error {
	p, kept, err := t.planOf(ctx, w.record)
	if err != nil {
		return err
	}
	index, err := t.indexOf(ctx, w.asset)
	if err != nil {
		return err
	}
	sound, done, err := t.soundOf(ctx, w, p)
	defer done()
	if err != nil {
		return err
	}
	name := w.Rungs[rung].Name
	size, err := t.write(ctx, rungKey(w.upload, name, w.by()), func(dst io.Writer) error {
		j, err := NewSoundJoiner(dst, sound, kept.Source.later(index))
		if err != nil {
			return err
		}
		return j.Finish()
	})
	if err != nil {
		return fmt.Errorf("transcode: joining the sound of %s: %w", w.upload.ID, err)
	}
	return t.join(ctx, w, rung, size)
}
