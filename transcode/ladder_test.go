package transcode_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/transcode"
)

// film is a source with a picture, 25 frames a second, and stereo in AAC.
func film(format, codec string, width, height int, change ...func(*transcode.Source)) transcode.Source {
	s := transcode.Source{
		Format: format, Duration: 10 * time.Minute,
		Video: &transcode.Video{
			Codec: codec, PixelFormat: "yuv420p", Width: width, Height: height,
			Rate: transcode.Ratio{Num: 25, Den: 1}, Constant: true, Range: transcode.SDR,
		},
		Audio: []transcode.Audio{{Stream: 1, Codec: "aac", Profile: "LC", Channels: 2, SampleRate: 48000, Language: "eng", Default: true}},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func plays(s *transcode.Source) { s.Plays = true }

func upright(s *transcode.Source) { s.Video.Rotation = 90 }

func interlaced(s *transcode.Source) { s.Video.Interlaced = true }

func varying(s *transcode.Source) { s.Video.Constant = false }

func reordered(s *transcode.Source) { s.Video.Reordered = true }

func timed(s *transcode.Source) { s.Video.Timed = true }

func silent(s *transcode.Source) { s.Audio = nil }

func rate(num, den int64) func(*transcode.Source) {
	return func(s *transcode.Source) { s.Video.Rate = transcode.Ratio{Num: num, Den: den} }
}

func aspect(num, den int64) func(*transcode.Source) {
	return func(s *transcode.Source) { s.Video.Aspect = transcode.Ratio{Num: num, Den: den} }
}

func pixels(format string) func(*transcode.Source) {
	return func(s *transcode.Source) { s.Video.PixelFormat = format }
}

func bright(r transcode.Range) func(*transcode.Source) {
	return func(s *transcode.Source) { s.Video.Range, s.Video.PixelFormat = r, "yuv420p10le" }
}

func bitrate(b int64) func(*transcode.Source) {
	return func(s *transcode.Source) { s.Video.Bitrate = b }
}

func sound(codec, profile string, channels, hz int) func(*transcode.Source) {
	return func(s *transcode.Source) {
		s.Audio = []transcode.Audio{{Stream: 1, Codec: codec, Profile: profile, Channels: channels, SampleRate: hz}}
	}
}

// heardAs are streams of sound, "codec language title" each, that play as tracks.
func heardAs(streams ...string) func(*transcode.Source) {
	return func(s *transcode.Source) {
		s.Audio = nil
		for i, words := range streams {
			w := strings.Fields(words + " . .")
			a := transcode.Audio{Stream: i + 1, ID: i + 2, Codec: w[0], Channels: 6, SampleRate: 48000, Language: strings.Trim(w[1], "."), Title: strings.Trim(w[2], ".")}
			if a.Codec == "aac" {
				a.Profile = "LC"
			}
			s.Audio = append(s.Audio, a)
		}
	}
}

// summary is a plan in a line: how the source becomes, its rungs, its sound.
func summary(p *transcode.Plan) string {
	var b strings.Builder
	b.WriteString(string(p.Carriage))
	for _, o := range p.Video {
		fmt.Fprintf(&b, " %s=%dx%d@%.4g/%dk", o.Name, o.Width, o.Height, o.Rate.Float(), o.MaxRate/1000)
		if o.Interval > 0 {
			fmt.Fprintf(&b, "≥%v", o.Interval)
		}
	}
	if p.Deinterlace {
		b.WriteString(" deinterlaced")
	}
	if p.ToneMap {
		b.WriteString(" tone-mapped")
	}
	for _, t := range p.Audio {
		if t.Copy {
			fmt.Fprintf(&b, " +copy")
		} else {
			fmt.Fprintf(&b, " +%s/%dch/%d/%dk", t.Codec, t.Mix, t.Hz, t.Bitrate/1000)
		}
	}
	return b.String()
}

func TestLadder(t *testing.T) {
	const mov, mkv, ts, avi = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "avi"
	all := transcode.DefaultProfile()
	cases := []struct {
		name   string
		source transcode.Source
		want   string
	}{
		{
			"1080p60 that plays is its own top rung", film(mov, "h264", 1920, 1080, plays, rate(60, 1), bitrate(12e6)),
			"as-it-came 240p=426x240@30/400k 360p=640x360@30/900k 480p=854x480@60/2400k 720p=1280x720@60/4800k",
		},
		{
			"1080p60 in VP8 is encoded from the ground", film(mkv, "vp8", 1920, 1080, rate(60, 1)),
			"encoded 240p=426x240@30/400k 360p=640x360@30/900k 480p=854x480@60/2400k 720p=1280x720@60/4800k 1080p=1920x1080@60/9000k +copy",
		},
		{
			"59.94 frames a second are 60, and halved for small rungs", film(mkv, "mpeg4", 640, 360, rate(60000, 1001)),
			"encoded 240p=426x240@29.97/400k 360p=640x360@29.97/900k +copy",
		},
		{
			"120 frames a second become 60 and 30", film(mkv, "mpeg4", 854, 480, rate(120, 1)),
			"encoded 240p=428x240@30/400k 360p=640x360@30/900k 480p=854x480@60/2400k +copy",
		},
		{
			"50 frames a second become 25 on small rungs", film(mkv, "mpeg4", 640, 360, rate(50, 1)),
			"encoded 240p=426x240@25/400k 360p=640x360@25/900k +copy",
		},
		{
			"4K HDR10 in HEVC plays, and what players without it get is SDR", film(mov, "hevc", 3840, 2160, plays, bright(transcode.PQ), bitrate(40e6)),
			"as-it-came 240p=426x240@25/400k 360p=640x360@25/900k 480p=854x480@25/1600k 720p=1280x720@25/3200k 1080p=1920x1080@25/6000k " +
				"1440p=2560x1440@25/10000k 2160p=3840x2160@25/18000k tone-mapped",
		},
		{
			"480i PAL of 16:11 gets square pixels", film(mkv, "mpeg2video", 720, 576, aspect(16, 11), interlaced),
			"encoded 240p=436x240@25/410k 360p=654x360@25/920k 576p=1046x576@25/2090k deinterlaced +copy",
		},
		{
			"480i NTSC of 8:9 is 4:3", film(mkv, "mpeg2video", 720, 480, aspect(8, 9), interlaced, rate(30000, 1001)),
			"encoded 240p=320x240@29.97/300k 360p=480x360@29.97/680k 480p=640x480@29.97/1200k deinterlaced +copy",
		},
		{
			"a portrait phone with rotation goes by the short side", film(mov, "hevc", 1920, 1080, plays, upright),
			"as-it-came 240p=240x426@25/400k 360p=360x640@25/900k 480p=480x854@25/1600k 720p=720x1280@25/3200k 1080p=1080x1920@25/6000k",
		},
		{
			"a portrait without rotation does, too", film(mkv, "vp8", 720, 1280),
			"encoded 240p=240x426@25/400k 360p=360x640@25/900k 480p=480x854@25/1600k 720p=720x1280@25/3200k +copy",
		},
		{
			"4:3 in standard definition", film(avi, "mpeg4", 640, 480),
			"encoded 240p=320x240@25/300k 360p=480x360@25/680k 480p=640x480@25/1200k +copy",
		},
		{
			"ultra-wide takes more than 16:9", film(mkv, "vp8", 2560, 1080),
			"encoded 240p=568x240@25/530k 360p=854x360@25/1200k 480p=1138x480@25/2130k 720p=1706x720@25/4270k 1080p=2560x1080@25/8000k +copy",
		},
		{
			"a screen recording of 10 frames a second keeps them", film(mkv, "vp8", 1280, 800, rate(10, 1)),
			"encoded 240p=384x240@10/360k 360p=576x360@10/810k 480p=768x480@10/1440k 800p=1280x800@10/2960k +copy",
		},
		{
			"a screen recording that takes next to nothing has no use for rungs", film(mov, "h264", 1920, 1080, plays, bitrate(300_000)),
			"as-it-came",
		},
		{
			"a source below the cap of a rung makes that rung useless", film(mov, "h264", 1920, 1080, plays, bitrate(1_200_000)),
			"as-it-came 240p=426x240@25/400k 360p=640x360@25/900k",
		},
		{
			"ProRes of 10 bits and 4:2:2", film(mov, "prores", 1920, 1080, pixels("yuv422p10le"), sound("pcm_s24le", "", 2, 48000)),
			"encoded 240p=426x240@25/400k 360p=640x360@25/900k 480p=854x480@25/1600k 720p=1280x720@25/3200k 1080p=1920x1080@25/6000k +aac/2ch/48000/128k",
		},
		{
			"H.264 of 4:2:2 plays here and there, and gets a whole ladder", film(mov, "h264", 640, 360, plays, pixels("yuv422p")),
			"as-it-came 240p=426x240@25/400k 360p=640x360@25/900k",
		},
		{
			"a tiny picture stays tiny", film(mov, "h263", 128, 96),
			"encoded 96p=128x96@25/50k +copy",
		},
		{
			"odd sizes become even and never larger", film(mkv, "vp8", 641, 361),
			"encoded 240p=426x240@25/400k 360p=640x360@25/900k +copy",
		},
		{
			"a size between two rungs is its own rung, and drops the one that is near", film(mkv, "vp8", 1024, 544),
			"encoded 240p=452x240@25/420k 360p=678x360@25/950k 544p=1024x544@25/1940k +copy",
		},
		{
			"1088 lines are no reason to scale by a hair", film(ts, "mpeg2video", 1920, 1088),
			"encoded 240p=424x240@25/400k 360p=636x360@25/890k 480p=848x480@25/1590k 720p=1270x720@25/3180k 1088p=1920x1088@25/5670k +copy",
		},
		{
			"a variable rate above the cap is thinned by time", film(mkv, "vp8", 854, 480, varying, rate(50, 1)),
			"encoded 240p=428x240@0/400k≥33.333333ms 360p=640x360@0/900k≥33.333333ms 480p=854x480@0/2400k +copy",
		},
		{
			"a rate that nobody knows stays as it is", film(mkv, "vp8", 640, 360, varying, rate(0, 0)),
			"encoded 240p=426x240@0/400k 360p=640x360@0/900k +copy",
		},
		{
			"H.264 in a transport stream is remuxed", film(ts, "h264", 1280, 720, reordered),
			"remuxed 240p=426x240@25/400k 360p=640x360@25/900k 480p=854x480@25/1600k +copy",
		},
		{
			"H.264 in AVI is remuxed", film(avi, "h264", 640, 480, sound("mp3", "", 2, 44100)),
			"remuxed 240p=320x240@25/300k 360p=480x360@25/680k +aac/2ch/44100/128k",
		},
		{
			"reordered H.264 in AVI does not say when it shows", film(avi, "h264", 320, 240, reordered),
			"encoded 240p=320x240@25/300k +copy",
		},
		{
			"reordered H.264 in AVI of which it was found out", film(avi, "h264", 640, 480, reordered, timed, sound("mp3", "", 2, 44100)),
			"remuxed 240p=320x240@25/300k 360p=480x360@25/680k +aac/2ch/44100/128k",
		},
		{
			"H.264 with PCM keeps its picture", film(mov, "h264", 640, 360, sound("pcm_s16le", "", 2, 44100)),
			"remuxed 240p=426x240@25/400k +aac/2ch/44100/128k",
		},
		{
			"interlaced H.264 in a transport stream is encoded", film(ts, "h264", 640, 480, interlaced),
			"encoded 240p=320x240@25/300k 360p=480x360@25/680k 480p=640x480@25/1200k deinterlaced +copy",
		},
		{
			"HLG in a transport stream is remuxed, and what players without it get is SDR", film(ts, "hevc", 640, 360, bright(transcode.HLG)),
			"remuxed 240p=426x240@25/400k 360p=640x360@25/900k tone-mapped +copy",
		},
		{
			"HLG that nothing plays is encoded as SDR", film(mov, "prores", 640, 360, bright(transcode.HLG)),
			"encoded 240p=426x240@25/400k 360p=640x360@25/900k tone-mapped +copy",
		},
		{
			"VP9 with Vorbis is remuxed", film(mkv, "vp9", 640, 360, sound("vorbis", "", 2, 48000)),
			"remuxed 240p=426x240@25/400k 360p=640x360@25/900k +aac/2ch/48000/128k",
		},
		{
			"HEVC in AVI does not say when its pictures show", film(avi, "hevc", 640, 360, reordered),
			"encoded 240p=426x240@25/400k 360p=640x360@25/900k +copy",
		},
		{
			"HEVC of 4:4:4 is for editors", film(ts, "hevc", 640, 360, pixels("yuv444p")),
			"encoded 240p=426x240@25/400k 360p=640x360@25/900k +copy",
		},
		{
			"Dolby Vision that nothing else can show has no rungs", film(mov, "hevc", 3840, 2160, plays, bright(transcode.DolbyVision)),
			"as-it-came",
		},
		{
			"7.1 becomes 5.1", film(mkv, "vp8", 128, 96, sound("dts", "DTS-HD MA", 8, 96000)),
			"encoded 96p=128x96@25/50k +aac/6ch/48000/320k",
		},
		{
			"quadraphonic sound becomes stereo", film(mkv, "vp8", 128, 96, sound("vorbis", "", 4, 48000)),
			"encoded 96p=128x96@25/50k +aac/2ch/48000/128k",
		},
		{"a picture without sound", film(mkv, "vp8", 128, 96, silent), "encoded 96p=128x96@25/50k"},
		{
			"sound alone",
			transcode.Source{Format: "wav", Audio: []transcode.Audio{{Codec: "pcm_s16le", Channels: 1, SampleRate: 8000}}},
			"encoded +aac/1ch/48000/64k",
		},
		{
			"sound alone that only has the wrong container",
			transcode.Source{Format: "aac", Audio: []transcode.Audio{{Codec: "aac", Profile: "LC", Channels: 2, SampleRate: 44100}}},
			"remuxed +copy",
		},
		{
			"AC-3 that plays gets AAC beside it", film(mkv, "h264", 640, 360, plays, bitrate(300_000), heardAs("ac3 eng", "eac3 ger")),
			"as-it-came +aac/6ch/48000/320k +aac/6ch/48000/320k",
		},
		{
			"but not what is there in AAC or MP3", film(mkv, "h264", 640, 360, plays, bitrate(300_000), heardAs("ac3 eng", "aac eng", "eac3 ger", "mp3 ger", "ac3 eng Director")),
			"as-it-came +aac/6ch/48000/320k",
		},
		{
			"nor of streams that are no tracks", film(mkv, "h264", 640, 360, plays, bitrate(300_000), sound("ac3", "", 6, 48000)),
			"as-it-came",
		},
		{
			"xHE-AAC, Opus, FLAC and ALAC get it, too", film(mkv, "h264", 640, 360, plays, bitrate(300_000), heardAs("opus a", "flac b", "alac c"), func(s *transcode.Source) {
				s.Audio = append(s.Audio, transcode.Audio{ID: 9, Codec: "aac", Profile: "xHE-AAC", Channels: 1, SampleRate: 44100})
			}),
			"as-it-came +aac/6ch/48000/320k +aac/6ch/48000/320k +aac/6ch/48000/320k +aac/1ch/44100/64k",
		},
		{
			"sound alone that plays",
			transcode.Source{Plays: true, Audio: []transcode.Audio{{Codec: "aac", Profile: "LC", Channels: 2, SampleRate: 44100}}},
			"as-it-came",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := transcode.Ladder(c.source, all)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, summary(&p)); diff != "" {
				t.Errorf("the plan (-want +got):\n%s\nleft out: %q", diff, p.Left)
			}
		})
	}
}

func TestLadderRefuses(t *testing.T) {
	profile := func(change func(*transcode.Profile)) transcode.Profile {
		p := transcode.DefaultProfile()
		change(&p)
		return p
	}
	good := film("avi", "mpeg4", 640, 480)
	cases := []struct {
		name    string
		source  transcode.Source
		profile transcode.Profile
		want    error
	}{
		{"a file with neither picture nor sound", transcode.Source{Format: "srt"}, transcode.DefaultProfile(), transcode.ErrSource},
		{"a picture of no size", film("avi", "mpeg4", 0, 480), transcode.DefaultProfile(), transcode.ErrSource},
		{"a picture that nothing can hold", film("avi", "mpeg4", 1<<20, 2), transcode.DefaultProfile(), transcode.ErrSource},
		{"Dolby Vision that nothing else can show", film("mpegts", "hevc", 3840, 2160, bright(transcode.DolbyVision)), transcode.DefaultProfile(), transcode.ErrSource},
		{"a codec that ffmpeg does not know", film("mov", "", 640, 480, pixels("")), transcode.DefaultProfile(), transcode.ErrSource},
		{"a film without sound for a profile of sound", film("avi", "mpeg4", 640, 480, silent), transcode.Profile{}, transcode.ErrSource},
		{"a codec for video that is none", good, profile(func(p *transcode.Profile) { p.Video = "vp8" }), transcode.ErrProfile},
		{"a codec for sound that is none", good, profile(func(p *transcode.Profile) { p.Audio = "mp3" }), transcode.ErrProfile},
		{"two rungs of one size", good, profile(func(p *transcode.Profile) { p.Rungs = append(p.Rungs, p.Rungs[0]) }), transcode.ErrProfile},
		{"a rung without a limit", good, profile(func(p *transcode.Profile) { p.Rungs[0].MaxRate = 0 }), transcode.ErrProfile},
		{"HDR in H.264", good, profile(func(p *transcode.Profile) { p.HDR = true }), transcode.ErrProfile},
		{"segments of a blink", good, profile(func(p *transcode.Profile) { p.Segment = time.Millisecond }), transcode.ErrProfile},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if p, err := transcode.Ladder(c.source, c.profile); !errors.Is(err, c.want) {
				t.Errorf("Ladder gave %v and plan %s, want an error that is %q", err, summary(&p), c.want)
			}
		})
	}
}

// TestAProfileWithOpusKeepsAAC has sound that plays where Opus does, beside and within.
func TestAProfileWithOpusKeepsAAC(t *testing.T) {
	for _, c := range []struct {
		source transcode.Source
		want   string
	}{
		{film("mov", "h264", 640, 360, plays, heardAs("ac3 eng", "aac ger", "opus fra")), "as-it-came +opus/6ch/48000/320k"},
		{film("mpegts", "h264", 640, 360), "remuxed +copy"},
	} {
		p, err := transcode.Ladder(c.source, transcode.Profile{Audio: transcode.Opus})
		if err != nil {
			t.Fatal(err)
		}
		if got := summary(&p); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// TestRungsThatNameNoQualityHaveOne: without it, zero would be lossless in H.264, which
// few browsers play and no cap holds.
func TestRungsThatNameNoQualityHaveOne(t *testing.T) {
	for _, c := range []struct {
		video      transcode.Codec
		named, got float64
	}{{"", 0, 23}, {transcode.H264, 0, 23}, {transcode.HEVC, 0, 28}, {transcode.AV1, 0, 35}, {transcode.H264, 18.5, 18.5}, {transcode.H264, -1, 0}} {
		p, err := transcode.Ladder(film("avi", "mpeg4", 640, 480), transcode.Profile{Video: c.video, Rungs: []transcode.Rung{{Height: 240, CRF: c.named, MaxRate: 4e5}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Video[0].CRF; got != c.got {
			t.Errorf("%q with CRF %v is encoded with %v, want %v", c.video, c.named, got, c.got)
		}
	}
}

// TestAProfileThatIsWrongSaysWhatIs names the field.
func TestAProfileThatIsWrongSaysWhatIs(t *testing.T) {
	for _, c := range []struct {
		rung transcode.Rung
		want string
	}{
		{transcode.Rung{Height: 1, MaxRate: 4e5}, "the rung of 1 lines: Height is not between 2 and 8192"},
		{transcode.Rung{Height: 240, CRF: 64, MaxRate: 4e5}, "the rung of 240 lines: CRF 64 is more than 63"},
		{transcode.Rung{Height: 240}, "the rung of 240 lines: MaxRate 0 is no number of bits a second"},
		{transcode.Rung{Height: 240, MaxRate: 4e5, Buffer: -1}, "the rung of 240 lines: Buffer -1 is no number of bits"},
		{transcode.Rung{Height: 240, MaxRate: 4e5, MaxFPS: 241}, "the rung of 240 lines: MaxFPS 241 is not between 1 and 240"},
	} {
		_, err := transcode.Ladder(film("avi", "mpeg4", 640, 480), transcode.Profile{Name: "mine", Rungs: []transcode.Rung{c.rung}})
		if !errors.Is(err, transcode.ErrProfile) || !strings.Contains(err.Error(), `profile "mine": `+c.want) {
			t.Errorf("%+v is refused with %v, want %q", c.rung, err, c.want)
		}
	}
}

func TestLadderOfOtherCodecs(t *testing.T) {
	hevc := transcode.DefaultProfile()
	hevc.Video, hevc.HDR, hevc.Audio = transcode.HEVC, true, transcode.Opus
	hevc.Rungs = hevc.Rungs[3:5]
	p, err := transcode.Ladder(film("mpegts", "prores", 3840, 2160, bright(transcode.HLG), sound("ac3", "", 6, 48000)), hevc)
	if err != nil {
		t.Fatal(err)
	}
	want := "encoded 720p-hevc=1280x720@25/3200k 1080p-hevc=1920x1080@25/6000k +opus/6ch/48000/320k"
	if diff := cmp.Diff(want, summary(&p)); diff != "" {
		t.Errorf("the plan (-want +got):\n%s", diff)
	}
	codecs, filters := p.Needs()
	if diff := cmp.Diff([]string{"libx265", "libopus"}, codecs); diff != "" {
		t.Errorf("encoders that are needed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"scale", "split", "trim", "aresample", "ebur128"}, filters); diff != "" {
		t.Errorf("filters that are needed (-want +got):\n%s", diff)
	}
}
