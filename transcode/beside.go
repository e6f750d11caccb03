package transcode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// Sound has sound made for an asset that plays as it came, and some of whose sound most
// browsers do not decode (AC-3, E-AC-3, ALAC): the same in the codec of the default
// profile, which joins what plays, as a transcode that makes nothing else. Of one that is
// being transcoded, that makes it. Nothing is made without ffmpeg, or with
// Options.NoSoundBeside; an asset that is not there is passed over. It may be called more
// than once.
func (t *Transcoder) Sound(ctx context.Context, assetID string) error {
	if t.o.NoSoundBeside {
		return nil
	}
	a, err := t.Metadata.Asset(ctx, assetID)
	if errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	if err != nil || !t.wantsSound(a) {
		return err
	}
	if _, err := t.Programs.Tools(ctx); errors.Is(err, ffmpeg.ErrMissing) {
		return nil
	}
	err = t.Metadata.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, assetID)
		if err != nil {
			return err
		}
		of, err := t.eligible(ctx, tx, a)
		if err != nil || of != "" || !t.wantsSound(a) {
			return err
		}
		_, err = t.begin(ctx, tx, a, "", &record{Profile: defaultProfile, Sound: true}, jobs.Normal)
		return err
	})
	if errors.Is(err, ErrUnder) || errors.Is(err, metadata.ErrNotFound) {
		return nil
	}
	return err
}

// rare are the codecs of sound that few browsers decode.
var rare = []string{"ac-3", "ec-3", "alac"}

// wantsSound reports whether an asset has sound in a rare codec, and not the same
// language in another; and nothing beside it yet.
func (t *Transcoder) wantsSound(a *metadata.Asset) bool {
	if !a.Playable || a.Source == "" || a.Rendition(t.soundName()) >= 0 {
		return false
	}
	is := func(x metadata.Track, seldom bool) bool {
		return x.Kind == string(media.Audio) && slices.Contains(rare, strings.ToLower(x.Codec)) == seldom
	}
	return slices.ContainsFunc(a.Tracks, func(x metadata.Track) bool {
		return is(x, true) && !slices.ContainsFunc(a.Tracks, func(y metadata.Track) bool { return is(y, false) && y.Language == x.Language })
	})
}

// soundName is what sound beside is called that the default profile makes.
func (t *Transcoder) soundName() string {
	return string(cmp.Or(t.profiles[defaultProfile].Audio, AAC))
}

// overtake ends a transcode of an asset that makes nothing but sound: one that makes a
// ladder makes that, too.
func (t *Transcoder) overtake(ctx context.Context, tx metadata.Tx, a *metadata.Asset) error {
	uploads, err := tx.UploadsOf(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, u := range uploads {
		if under, err := isUnder(u); err != nil || !under {
			if err != nil {
				return err
			}
			continue
		}
		r, err := recordOf(u)
		if err != nil {
			return err
		}
		if r.Sound {
			u.State, u.Error = metadata.UploadCanceled, "a ladder is made, and its sound with it"
			if err := t.Replaced(ctx, tx, a, u); err != nil {
				return err
			}
		}
	}
	return nil
}

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
	key := rungKey(w.upload, name, w.by())
	size, err := t.write(ctx, key, func(dst io.Writer) error {
		j, err := NewSoundJoiner(dst, sound, kept.Source.later(index))
		if err != nil {
			return err
		}
		return j.Finish()
	})
	if err != nil {
		return fmt.Errorf("transcode: joining the sound of %s: %w", w.upload.ID, err)
	}
	return t.join(ctx, w, rung, key, size)
}
