package transcode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

// Ladder says what is to be done so that a source plays everywhere.
//
// What the packager plays is left as it came, and gets sound beside it where its own
// plays here and there; what HLS could carry is put into another container; only the
// rest is encoded. Rungs are never larger than the
// source, have its shape on square pixels, and are left out where they gain nothing:
// see Plan.Left. A plan without Video, Audio and Texts, for a source that plays, has
// nothing to do.
//
// Errors match ErrSource or ErrProfile.
func Ladder(s Source, profile Profile) (Plan, error) {
	p, err := profile.complete()
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{source: s, profile: p, Carriage: Encoded}
	if err := s.check(); err != nil {
		return plan, err
	}
	plan.carry()
	if plan.Carriage == AsItCame {
		plan.beside()
	} else {
		plan.sound()
		plan.texts()
	}
	switch {
	case s.Video == nil || len(p.Rungs) == 0:
	case s.Video.Range == DolbyVision:
		plan.leave("rungs are left out: the picture is Dolby Vision that has no other form within (profile 5), and would be green and purple")
	default:
		plan.climb()
	}
	switch {
	case plan.Carriage == AsItCame || len(plan.Video)+len(plan.Audio) > 0:
	case s.Video == nil:
		return plan, problem.Errorf(ErrSource, "%s", strings.Join(plan.Left, "; "))
	case plan.Carriage == Encoded:
		return plan, problem.Errorf(ErrSource, "the file has a picture without sound, and profile %q has no rungs", p.Name)
	}
	return plan, nil
}

func (s *Source) check() error {
	switch v := s.Video; {
	case v != nil && v.Range == DolbyVision && !s.Plays:
		return problem.Errorf(ErrSource, "the picture is Dolby Vision that has no other form within (profile 5), which ffmpeg cannot convert")
	case v == nil && len(s.Audio) == 0:
		return problem.Errorf(ErrSource, "there is neither a picture nor sound in the file that could be decoded")
	case v != nil && (v.Width < 1 || v.Height < 1):
		return problem.Errorf(ErrSource, "the size of the picture cannot be read, or is larger than what is decoded")
	case v != nil && (v.Width > maxSource || v.Height > maxSource):
		return problem.Errorf(ErrSource, "a picture of %d×%d pixels cannot be transcoded: up to %d×%d can", v.Width, v.Height, maxSource, maxSource)
	case v != nil && v.PixelFormat == "":
		return problem.Errorf(ErrSource, "the picture is coded as %q, which ffmpeg cannot decode", v.Codec)
	}
	return nil
}

// maxSource is how wide or high a source may be, in pixels.
const maxSource = 16384

// carry decides how the file that plays comes to be.
func (p *Plan) carry() {
	s := &p.source
	switch {
	case s.Plays:
		p.Carriage = AsItCame
	case s.Video != nil && s.Video.copies(s.Format):
		p.Carriage = Remuxed
	case s.Video == nil && allCopied(s.Audio):
		p.Carriage = Remuxed
	}
}

func allCopied(list []Audio) bool {
	for i := range list {
		if !list[i].copies() {
			return false
		}
	}
	return len(list) > 0
}

// sound keeps every stream of sound, in the order of the file.
func (p *Plan) sound() {
	for _, a := range p.source.Audio {
		p.hear(a, a.copies())
	}
}

// beside has sound that plays as it came, and only here and there, encoded for whom it
// does not, unless the file has the same in a codec that plays everywhere.
func (p *Plan) beside() {
	for _, a := range p.source.Audio {
		again := func(o Audio) bool {
			return o.ID > 0 && o.everywhere(&p.profile) && o.Language == a.Language && o.Title == a.Title
		}
		if a.ID > 0 && !slices.ContainsFunc(p.source.Audio, again) {
			p.hear(a, false)
		}
	}
}

// hear plans a stream of sound.
func (p *Plan) hear(a Audio, copied bool) {
	if a.Channels < 1 || a.SampleRate < 1 {
		p.leave("the sound of stream %d, coded as %q, cannot be decoded", a.Stream, a.Codec)
		return
	}
	t := Track{Audio: a, Copy: copied, Codec: p.profile.Audio}
	t.Mix, t.Hz = mixed(a.Channels), sampled(a.SampleRate, p.profile.Audio)
	t.Bitrate = p.profile.bitrate(t.Mix)
	p.Audio = append(p.Audio, t)
}

// mixed is how many channels sound has that every player takes: what is between
// stereo and 5.1 becomes stereo, what is above 5.1.
func mixed(channels int) int {
	switch {
	case channels < 2:
		return 1
	case channels < 6:
		return 2
	}
	return 6
}

// sampled is the sample rate that sound is encoded with.
func sampled(hz int, c Codec) int {
	if hz == 44100 && c == AAC {
		return hz
	}
	return 48000
}

// bitrate is how much sound with so many channels takes.
func (p *Profile) bitrate(channels int) int64 {
	if b := p.Bitrates[channels]; b > 0 {
		return b
	}
	switch channels {
	case 1:
		return 64_000
	case 2:
		return 128_000
	}
	return 320_000
}

func (p *Plan) texts() {
	for _, s := range p.source.Subtitles {
		if !s.Text {
			p.leave("the subtitles of stream %d are pictures (%s), which players of HLS do not show", s.Stream, s.Codec)
			continue
		}
		p.Texts = append(p.Texts, Text{s})
	}
}

func (p *Plan) leave(format string, args ...any) {
	p.Left = append(p.Left, fmt.Sprintf(format, args...))
}
