package ffmpeg

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mostStreams is what is read of a report: there is a limit on what ffprobe opens,
// but not every demuxer keeps to it.
const mostStreams = 1000

// parseSource reads a report.
func parseSource(report []byte) (*Source, error) {
	var p probeReport
	if err := json.Unmarshal(report, &p); err != nil {
		return nil, err
	}
	if len(p.Streams) > mostStreams {
		return nil, fmt.Errorf("it has %d streams", len(p.Streams))
	}
	s := &Source{Format: p.Format.Name, Start: p.Format.Start.seconds(), Bitrate: p.Format.Bitrate.int64()}
	s.Duration = max(0, p.Format.Duration.seconds())
	for i := range p.Streams {
		if s.Format == "mpegts" {
			p.Streams[i].doubt()
		}
		s.add(&p.Streams[i])
	}
	return s, nil
}

// streamTypes are those of transport streams that ffmpeg does not know: ISO/IEC 13818-1
// table 2-34, and of Blu-ray, whose numbers others use, too.
var streamTypes = map[string]string{
	"0x002d": "MPEG-H 3D Audio", "0x002e": "MPEG-H 3D Audio", "0x0082": "DTS", "0x0085": "DTS-HD", "0x0086": "DTS-HD",
}

// doubt unlearns a codec of sound that ffprobe has guessed: of a type of stream that it
// does not know it says MP3, and finds neither channels nor a rate.
func (p *probeStream) doubt() {
	if p.Type != "audio" || p.Codec != "mp3" || p.Channels.int() > 0 || p.TagNumber == "0x0003" || p.TagNumber == "0x0004" {
		return
	}
	p.Codec = "unknown"
	p.Tag = "stream type 0x" + strings.TrimPrefix(p.TagNumber, "0x00")
	if name := streamTypes[p.TagNumber]; name != "" {
		p.Tag = name + ", " + p.Tag
	}
}

func (s *Source) add(p *probeStream) {
	base := p.base()
	s.Duration = max(s.Duration, base.Duration)
	switch {
	case p.Type == "video" && p.isPicture():
		s.Pictures = append(s.Pictures, Picture{Stream: base, Width: p.Width.int(), Height: p.Height.int()})
	case p.Type == "video":
		s.Video = append(s.Video, p.video(base))
	case p.Type == "audio":
		s.Audio = append(s.Audio, p.audio(base))
	case p.Type == "subtitle":
		s.Subtitles = append(s.Subtitles, Subtitle{Stream: base, Text: slices.Contains(textCodecs, base.Codec)})
	default:
		s.Others++
	}
}

// textCodecs are those of subtitles whose decoders return text.
var textCodecs = []string{
	"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "ttml", "microdvd", "sami", "subviewer",
	"subviewer1", "realtext", "jacosub", "mpl2", "pjs", "vplayer", "stl", "hdmv_text_subtitle",
}

func (p *probeStream) is(disposition string) bool { return p.Disposition[disposition].int() == 1 }

func (p *probeStream) isPicture() bool {
	return p.is("attached_pic") || p.is("timed_thumbnails") || p.is("still_image")
}

func (p *probeStream) base() Stream {
	b := Stream{
		Index: p.Index.int(), Codec: p.Codec, Profile: string(p.Profile),
		Language: p.tag("language"), Title: p.tag("title"),
		Start: p.Start.seconds(), Duration: max(0, p.Duration.seconds()), Bitrate: p.Bitrate.int64(),
		Default: p.is("default"), Forced: p.is("forced"), Commentary: p.is("comment"),
		HearingImpaired: p.is("hearing_impaired"), VisualImpaired: p.is("visual_impaired"),
	}
	if !strings.HasPrefix(p.Tag, "[") { // "[0][0][0][0]" is none
		b.Tag = p.Tag
	}
	if b.Codec == "unknown" || b.Codec == "none" {
		b.Codec = ""
	}
	if b.Profile == "unknown" {
		b.Profile = ""
	}
	if b.Language == "und" {
		b.Language = ""
	}
	if b.Duration == 0 {
		b.Duration = clock(p.tag("duration")) // Matroska has it nowhere else
	}
	return b
}

// tag finds a tag in either case, as containers differ.
func (p *probeStream) tag(name string) string {
	if v, ok := p.Tags[name]; ok {
		return v
	}
	return p.Tags[strings.ToUpper(name)]
}

func (p *probeStream) audio(base Stream) Audio {
	a := Audio{Stream: base, Rate: p.SampleRate.int(), Channels: p.Channels.int(), Layout: p.Layout}
	if a.Layout == "unknown" {
		a.Layout = ""
	}
	if a.BitDepth = p.RawBits.int(); a.BitDepth == 0 {
		a.BitDepth = p.SampleBits.int()
	}
	return a
}

// clock reads "00:01:02.345000000", and 0 from everything else.
func clock(s string) time.Duration {
	f := strings.Split(s, ":")
	if len(f) != 3 {
		return 0
	}
	h, err1 := strconv.ParseUint(f[0], 10, 16)
	m, err2 := strconv.ParseUint(f[1], 10, 8)
	if err1 != nil || err2 != nil || h > 24*365 {
		return 0
	}
	return max(0, time.Duration(h)*time.Hour+time.Duration(m)*time.Minute+scalar(f[2]).seconds())
}
