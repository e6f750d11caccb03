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

// parseSource reads a report; of are the tables of a transport stream.
func parseSource(report []byte, of programMap) (*Source, error) {
	var p probeReport
	if err := json.Unmarshal(report, &p); err != nil {
		return nil, err
	}
	if len(p.Streams) > mostStreams {
		return nil, fmt.Errorf("it has %d streams", len(p.Streams))
	}
	s := &Source{Format: p.Format.Name, Start: p.Format.Start.seconds(), Bitrate: p.Format.Bitrate.int64()}
	s.Duration = max(0, p.Format.Duration.seconds())
	alone := !slices.ContainsFunc(p.Streams, func(o probeStream) bool { return o.Type == "video" })
	for i := range p.Streams {
		if s.Format == "mpegts" {
			p.Streams[i].doubt(of, alone)
		}
		s.add(&p.Streams[i])
	}
	return s, nil
}

// doubt unlearns what ffprobe has guessed of a stream that it does not know: of sound it
// says MP3, and finds neither channels nor a rate; of the rest, that it is data. The
// tables of the file name it. alone says that there is no picture beside it.
func (p *probeStream) doubt(of programMap, alone bool) {
	m, ok := of[p.pid()]
	if !ok {
		number, _ := strconv.ParseUint(p.TagNumber, 0, 8)
		m.kind = byte(number)
	}
	kind, _ := m.name()
	switch {
	case p.Type == "audio" && p.Codec == "mp3" && p.Channels.int() == 0 && m.kind != 3 && m.kind != 4:
	case p.isData() && (kind == "audio" || kind == "video" && alone):
		p.Type = kind
	default:
		return
	}
	p.Codec, p.Tag = "unknown", m.tag()
}

// isData says that ffprobe does not know what it is.
func (p *probeStream) isData() bool {
	return (p.Type == "data" || p.Type == "") && (p.Codec == "" || p.Codec == "bin_data" || p.Codec == "unknown" || p.Codec == "none")
}

// pid is the id of a stream in a transport stream.
func (p *probeStream) pid() int {
	n, err := strconv.ParseUint(p.ID, 0, 16)
	if err != nil {
		return -1
	}
	return int(n)
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
