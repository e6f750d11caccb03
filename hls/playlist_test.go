package hls

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/Eyevinn/hls-m3u8/m3u8"
	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/hlsrules"
	"github.com/streamgate/streamgate/media"
)

// cutEvenly gives a track n segments of so many ticks and bytes each.
func cutEvenly(t media.Track, n int, ticks uint64, size int64) *media.Track {
	for i := range n {
		t.Segments = append(t.Segments, media.Segment{
			Decode: uint64(i) * ticks, Start: int64(uint64(i) * ticks), Duration: ticks, Bytes: size - fragmentSize(&t, &media.Segment{}),
		})
	}
	t.Duration = uint64(n) * ticks
	return &t
}

func videoTrack() *media.Track {
	return cutEvenly(media.Track{
		ID: 1, Kind: media.Video, Codec: "avc1.640028", Timescale: 1000, Width: 1920, Height: 1080,
		FrameRate: 30000.0 / 1001, Range: "SDR", Independent: true,
	}, 3, 6000, 750_000)
}

func audioTrack(id int, codec, language, name string) *media.Track {
	return cutEvenly(media.Track{
		ID: id, Kind: media.Audio, Codec: codec, Language: language, Name: name, Timescale: 1000, Channels: 2, Independent: true,
	}, 3, 6000, 75_000)
}

// multivariantPlaylist is that of a file with these tracks.
func multivariantPlaylist(tracks []*media.Track, revision string) []byte {
	return newPresentation(&mediaFile{index: &media.Index{Tracks: tracks}, revision: revision}).multivariant(nil)
}

const dependentVideo = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,AVERAGE-BANDWIDTH=1000000,CODECS=\"avc1.640028\",RESOLUTION=1920x1080,FRAME-RATE=29.970,VIDEO-RANGE=SDR\nr/v1/index.m3u8\n"

func TestMultivariantPlaylists(t *testing.T) {
	head := "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
	german := audioTrack(3, "mp4a.40.2", "de", "Kommentar")
	german.Default = true
	open := videoTrack()
	open.Open = true
	dependent := videoTrack()
	dependent.Independent = false
	unknown := cutEvenly(media.Track{ID: 1, Kind: media.Video, Codec: "hvc1.1.6.L93.B0", Timescale: 1000, Independent: true, Range: "what\""}, 1, 6000, 750)
	described := audioTrack(2, "mp4a.40.2", "en", "Ko\u0308ln")
	described.Characteristics = []string{"public.accessibility.describes-video", "public.machine-generated"}
	changing := videoTrack()
	changing.Further = []string{"avc1.64001f"}
	dolby := videoTrack()
	dolby.Codec, dolby.Supplemental, dolby.Range = "hvc1.2.4.L153.B0", "dvh1.08.07/db4h", "HLG"
	for _, c := range []struct {
		name   string
		tracks []*media.Track
		want   string
	}{
		{"an enhancement that a player may leave out", []*media.Track{dolby}, head +
			"#EXT-X-STREAM-INF:BANDWIDTH=1000000,AVERAGE-BANDWIDTH=1000000,CODECS=\"hvc1.2.4.L153.B0\",SUPPLEMENTAL-CODECS=\"dvh1.08.07/db4h\",RESOLUTION=1920x1080,FRAME-RATE=29.970,VIDEO-RANGE=HLG\nr/v1/index.m3u8\n"},
		{"the codecs of all sample entries", []*media.Track{changing}, head +
			"#EXT-X-STREAM-INF:BANDWIDTH=1000000,AVERAGE-BANDWIDTH=1000000,CODECS=\"avc1.640028,avc1.64001f\",RESOLUTION=1920x1080,FRAME-RATE=29.970,VIDEO-RANGE=SDR\nr/v1/index.m3u8\n"},
		{"characteristics, and a name in normal form", []*media.Track{videoTrack(), described}, head +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio-aac\",NAME=\"K\u00f6ln\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHARACTERISTICS=\"public.accessibility.describes-video,public.machine-generated\",CHANNELS=\"2\",URI=\"r/a2/index.m3u8\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=1100000,AVERAGE-BANDWIDTH=1100000,CODECS=\"avc1.640028,mp4a.40.2\",RESOLUTION=1920x1080,FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO=\"audio-aac\"\nr/v1/index.m3u8\n"},
		{"video alone", []*media.Track{videoTrack()}, head +
			"#EXT-X-STREAM-INF:BANDWIDTH=1000000,AVERAGE-BANDWIDTH=1000000,CODECS=\"avc1.640028\",RESOLUTION=1920x1080,FRAME-RATE=29.970,VIDEO-RANGE=SDR\nr/v1/index.m3u8\n"},
		{"what is not known of a video is not said", []*media.Track{unknown}, head +
			"#EXT-X-STREAM-INF:BANDWIDTH=1000,AVERAGE-BANDWIDTH=1000,CODECS=\"hvc1.1.6.L93.B0\"\nr/v1/index.m3u8\n"},
		{"segments that begin with no sync sample are not called independent", []*media.Track{dependent}, dependentVideo},
		{"segments of open groups of pictures are not called independent", []*media.Track{open}, dependentVideo},
		{"video and audio", []*media.Track{videoTrack(), audioTrack(2, "mp4a.40.2", "en", "Stereo")}, head +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio-aac\",NAME=\"Stereo\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"r/a2/index.m3u8\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=1100000,AVERAGE-BANDWIDTH=1100000,CODECS=\"avc1.640028,mp4a.40.2\",RESOLUTION=1920x1080,FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO=\"audio-aac\"\nr/v1/index.m3u8\n"},
		{"a group for each family of codecs, the default's first", []*media.Track{
			videoTrack(), audioTrack(2, "ac-3", "en", ""), german, audioTrack(4, "mp4a.40.5", "de", "Kommentar"), audioTrack(5, "mp4a.40.2", "", ""),
		}, head +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio-aac\",NAME=\"Kommentar\",LANGUAGE=\"de\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"r/a3/index.m3u8\"\n" +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio-aac\",NAME=\"Kommentar (2)\",LANGUAGE=\"de\",DEFAULT=NO,AUTOSELECT=NO,CHANNELS=\"2\",URI=\"r/a4/index.m3u8\"\n" +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio-aac\",NAME=\"Audio\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"r/a5/index.m3u8\"\n" +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio-ac-3\",NAME=\"en\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"r/a2/index.m3u8\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=1100000,AVERAGE-BANDWIDTH=1100000,CODECS=\"avc1.640028,mp4a.40.2,mp4a.40.5\",RESOLUTION=1920x1080,FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO=\"audio-aac\"\nr/v1/index.m3u8\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=1100000,AVERAGE-BANDWIDTH=1100000,CODECS=\"avc1.640028,ac-3\",RESOLUTION=1920x1080,FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO=\"audio-ac-3\"\nr/v1/index.m3u8\n"},
		{"one audio track is a variant", []*media.Track{audioTrack(1, "Opus", "en", "")}, head +
			"#EXT-X-STREAM-INF:BANDWIDTH=100000,AVERAGE-BANDWIDTH=100000,CODECS=\"Opus\"\nr/a1/index.m3u8\n"},
		{"several audio tracks are a variant with a choice", []*media.Track{audioTrack(1, "fLaC", "en", ""), audioTrack(2, "fLaC", "fr", "")}, head +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio-flac\",NAME=\"en\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"r/a1/index.m3u8\"\n" +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio-flac\",NAME=\"fr\",LANGUAGE=\"fr\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"r/a2/index.m3u8\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=100000,AVERAGE-BANDWIDTH=100000,CODECS=\"fLaC\",AUDIO=\"audio-flac\"\nr/a1/index.m3u8\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := multivariantPlaylist(c.tracks, "r")
			if d := cmp.Diff(c.want, string(got)); d != "" {
				t.Error(d)
			}
			parseMultivariant(t, got)
			keepsTextRules(t, c.name, got)
		})
	}
}

// parseMultivariant reads a playlist with somebody else's parser.
func parseMultivariant(t *testing.T, text []byte) *m3u8.MasterPlaylist {
	t.Helper()
	p, kind, err := m3u8.DecodeFrom(bytes.NewReader(text), true)
	if err != nil || kind != m3u8.MASTER {
		t.Fatalf("not a multivariant playlist: %v\n%s", err, text)
	}
	return p.(*m3u8.MasterPlaylist)
}

func parseMedia(t *testing.T, text []byte) *m3u8.MediaPlaylist {
	t.Helper()
	p, kind, err := m3u8.DecodeFrom(bytes.NewReader(text), true)
	if err != nil || kind != m3u8.MEDIA {
		t.Fatalf("not a media playlist: %v\n%s", err, text)
	}
	return p.(*m3u8.MediaPlaylist)
}

func TestMediaPlaylist(t *testing.T) {
	track := &media.Track{ID: 2, Kind: media.Audio, Timescale: 48000, Independent: true, Segments: []media.Segment{
		{Start: -1024, Duration: 1024 + 288000, Samples: 1}, // priming before the beginning
		{Start: 288000, Duration: 290000, Samples: 1},
		{Start: 578000, Duration: 1, Samples: 1},
	}}
	text := appendMediaPlaylist(nil, track, nil, shared{target: 6})
	want := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXTINF:6.000000,
0.m4s
#EXTINF:6.041667,
1.m4s
#EXTINF:0.000021,
2.m4s
#EXT-X-ENDLIST
`
	if d := cmp.Diff(want, string(text)); d != "" {
		t.Error(d)
	}
	p := parseMedia(t, text)
	if p.Count() != 3 || !p.Closed || p.MediaType != m3u8.VOD || p.Map == nil || p.Map.URI != "init.mp4" {
		t.Errorf("it was read as %+v", p)
	}
}

func TestDurationsDoNotDriftInTwoHours(t *testing.T) {
	for _, timescale := range []uint32{1, 24, 90000, 30000, 44100, 48000, 1_000_000_000, 4294967295} {
		track := &media.Track{Timescale: timescale}
		ticks := uint64(float64(timescale)*0.7) + 1 // short ones: many roundings
		n := int(uint64(7200) * uint64(timescale) / ticks)
		track = cutEvenly(*track, n, ticks, 1000)
		sum := 0.0
		for line := range strings.Lines(string(appendMediaPlaylist(nil, track, nil, shared{}))) {
			var seconds float64
			if _, err := fmt.Sscanf(line, "#EXTINF:%f,", &seconds); err == nil {
				sum += seconds
			}
		}
		if want := float64(n) * float64(ticks) / float64(timescale); sum < want-0.001 || sum > want+0.001 {
			t.Errorf("timescale %d: the playlist lasts %f, the track %f", timescale, sum, want)
		}
	}
}

func TestBandwidth(t *testing.T) {
	// In seconds and bytes, packaging included.
	type cut struct{ seconds, bytes int64 }
	for _, c := range []struct {
		name string
		cuts []cut
		want bitrate
	}{
		{"nothing", nil, bitrate{}},
		{"even segments", []cut{{6, 600}, {6, 600}}, bitrate{800, 800}},
		{"the largest segment is the peak", []cut{{6, 600}, {6, 6000}, {6, 600}}, bitrate{8000, 3200}},
		{"a short last segment does not count alone", []cut{{6, 600}, {6, 600}, {1, 6000}}, bitrate{7543, 4431}},
		{"a short track has its average", []cut{{1, 1000}}, bitrate{8000, 8000}},
		{"short segments count together", []cut{{2, 100}, {2, 100}, {6, 100}, {2, 1000}, {2, 1000}}, bitrate{4000, 1315}},
	} {
		t.Run(c.name, func(t *testing.T) {
			track := &media.Track{Timescale: 1000}
			at := int64(0)
			for _, s := range c.cuts {
				segment := media.Segment{Start: at, Duration: uint64(s.seconds * 1000)}
				segment.Bytes = s.bytes - fragmentSize(track, &segment)
				track.Segments = append(track.Segments, segment)
				at += s.seconds * 1000
			}
			if d := cmp.Diff(c.want, bitrateOf(track, longest(boundaries(track))), cmp.AllowUnexported(bitrate{})); d != "" {
				t.Error(d)
			}
		})
	}
}

// Attack 26: a track's name and language cannot put anything into a playlist.
func TestAttackPlaylistInjectionThroughNamesAndLanguages(t *testing.T) {
	for _, name := range []string{
		"\"\n#EXT-X-ENDLIST\n", "a\",URI=\"https://evil.example/x.m3u8", "a\r\nb", "a\u2028b\u2029c\u0085d", "\x00\x1b[31mred",
		strings.Repeat("long ", 100), "\xff\xfe", "\u202edrawkcab", "",
	} {
		tracks := []*media.Track{videoTrack(), audioTrack(2, "mp4a.40.2\"\n#X", name, name), audioTrack(3, "mp4a.40.2", name, name)}
		checkNames(t, name, multivariantPlaylist(tracks, "r"))
	}
}

func checkNames(t *testing.T, name string, text []byte) {
	t.Helper()
	if !utf8.Valid(text) {
		t.Errorf("%q: not UTF-8", name)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) != 7 {
		t.Fatalf("%q: %d lines\n%s", name, len(lines), text)
	}
	keepsTextRules(t, name, text)
	p := parseMultivariant(t, text)
	if len(p.Variants) != 1 {
		t.Fatalf("%q: %d variants\n%s", name, len(p.Variants), text)
	}
	seen := map[string]bool{}
	for i, a := range p.Variants[0].Alternatives {
		if seen[a.Name] || a.Name == "" || utf8.RuneCountInString(a.Name) > maxName+4 {
			t.Errorf("%q: name %q", name, a.Name)
		}
		seen[a.Name] = true
		if want := fmt.Sprintf("r/a%d/index.m3u8", i+2); a.URI != want {
			t.Errorf("%q: URI %q, want %q", name, a.URI, want)
		}
	}
	if len(seen) != 2 {
		t.Errorf("%q: %d renditions\n%s", name, len(seen), text)
	}
}

// keepsTextRules holds a multivariant playlist against the rules of the draft, with
// nothing behind it. That groups differ is meant, and codecs are what tests put in.
func keepsTextRules(t *testing.T, name string, text []byte) {
	t.Helper()
	for _, v := range hlsrules.Check(func(uri string) ([]byte, error) {
		if uri != "/master.m3u8" {
			return nil, errors.New("not there")
		}
		return text, nil
	}, "/master.m3u8") {
		if !slices.Contains([]string{"available", "version-low", "same-members", "codecs-form"}, v.Rule) {
			t.Errorf("%q: %v", name, v)
		}
	}
}

func FuzzTrackNames(f *testing.F) {
	f.Add("Stereo", "en")
	f.Add("\"\n#EXT-X-ENDLIST", "de-CH")
	f.Add(" ,=\"", "\x00")
	f.Add("Audio", "und")
	f.Add("u\u0308\u212b", "en-1")
	f.Add("\u0338\u1100\u1161", "i-klingon")
	f.Fuzz(func(t *testing.T, name, language string) {
		tracks := []*media.Track{videoTrack(), audioTrack(2, "mp4a.40.2", language, name), audioTrack(3, "mp4a.40.2", language, name)}
		checkNames(t, name, multivariantPlaylist(tracks, "r"))
	})
}

func TestLanguageTags(t *testing.T) {
	for in, want := range map[string]string{
		"en": "en", "de-CH-1996": "de-CH-1996", "zh-Hant": "zh-Hant",
		"nan-Hant-TW": "nan-Hant-TW", "es-419": "es-419", "x-klingon": "x-klingon", "en-a-bcd-x-1": "en-a-bcd-x-1",
		"a": "", "1-2": "", "en-1": "", "en-GB-Latn": "", "\u212aa": "",
		"": "", "und": "", "e n": "", "en\"": "", "-en": "", "en-": "", "waytoolongsubtag": "", "1n": "", "12-en": "", strings.Repeat("en-", 20) + "en": "", "日本": "",
	} {
		if got := languageTag(in); got != want {
			t.Errorf("languageTag(%q) = %q, want %q", in, got, want)
		}
	}
}
