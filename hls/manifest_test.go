package hls

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/streamgate/streamgate/media"
)

// manifestOf is the manifest of those tracks, under the revision r.
func manifestOf(tracks ...*media.Track) []byte {
	return manifest(newPresentation(&mediaFile{index: &media.Index{Tracks: tracks}, revision: "r"}))
}

// parsed reads a manifest back.
func parsed(t testing.TB, text []byte) mpd {
	t.Helper()
	var m mpd
	if err := xml.Unmarshal(text, &m); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m
}

func TestManifest(t *testing.T) {
	video := videoTrack()
	video.Timescale, video.Origin, video.Layout.Duration, video.FrameRate = 30000, 2002, 1001, 30000.0/1001
	for i := range video.Segments {
		s := &video.Segments[i]
		s.Start, s.Duration = s.Start*30, s.Duration*30
	}
	audio := audioTrack(2, "mp4a.40.2", "en", "Stereo & \"more\"")
	audio.Origin, audio.SampleRate = 100, 48000
	audio.Segments[0].Start, audio.Segments[0].Duration = -21, 6021 // priming
	want := `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" mediaPresentationDuration="PT18.000000S" minBufferTime="PT6.000000S" maxSegmentDuration="PT6.021000S">
 <Period id="0" start="PT0S">
  <AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true">
   <Representation id="v1" bandwidth="1000000" codecs="avc1.640028" width="1920" height="1080" sar="1:1" frameRate="30000/1001">
    <SegmentTemplate timescale="30000" presentationTimeOffset="2002" startNumber="0" initialization="r/v1/init.mp4" media="r/v1/$Number$.m4s">
     <SegmentTimeline>
      <S t="2002" d="180000" r="2"></S>
     </SegmentTimeline>
    </SegmentTemplate>
   </Representation>
  </AdaptationSet>
  <AdaptationSet id="2" contentType="audio" lang="en" mimeType="audio/mp4" startWithSAP="1" segmentAlignment="true">
   <AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="2"></AudioChannelConfiguration>
   <Label>Stereo &amp; more</Label>
   <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"></Role>
   <Representation id="a2" bandwidth="100000" codecs="mp4a.40.2" audioSamplingRate="48000">
    <SegmentTemplate timescale="1000" presentationTimeOffset="100" startNumber="0" initialization="r/a2/init.mp4" media="r/a2/$Number$.m4s">
     <SegmentTimeline>
      <S t="79" d="6021"></S>
      <S d="6000" r="1"></S>
     </SegmentTimeline>
    </SegmentTemplate>
   </Representation>
  </AdaptationSet>
 </Period>
</MPD>
`
	if d := cmp.Diff(want, string(manifestOf(video, audio))); d != "" {
		t.Error(d)
	}
}

func TestAdaptationSets(t *testing.T) {
	german := audioTrack(3, "mp4a.40.2", "de", "Kommentar")
	german.Default = true
	second := videoTrack()
	second.ID, second.Codec, second.Width, second.Height, second.Timescale = 7, "avc1.64001f", 1280, 720, 2000
	for i := range second.Segments {
		s := &second.Segments[i]
		s.Start, s.Duration = s.Start*2, s.Duration*2
	}
	shifted := videoTrack()
	shifted.ID = 8
	shifted.Segments[1].Start += 500
	hevc := videoTrack()
	hevc.ID, hevc.Codec = 9, "hvc1.1.6.L93.B0"
	for _, c := range []struct {
		name   string
		tracks []*media.Track
		want   []string
	}{
		{"video alone", []*media.Track{videoTrack()}, []string{"video v1"}},
		{"pictures in step are one set", []*media.Track{videoTrack(), second}, []string{"video v1 v7"}},
		{"pictures cut elsewhere are another", []*media.Track{videoTrack(), shifted}, []string{"video v1", "video v8"}},
		{"pictures for another decoder are another", []*media.Track{videoTrack(), hevc}, []string{"video v1", "video v9"}},
		{
			"each sound is one, the default's first",
			[]*media.Track{videoTrack(), audioTrack(2, "ac-3", "en", ""), german, audioTrack(4, "mp4a.40.2", "de", "Kommentar"), audioTrack(5, "mp4a.40.2", "", "")},
			[]string{"video v1", "audio de main Kommentar a3", "audio de alternate Kommentar (2) a4", "audio alternate a5", "audio en main a2"},
		},
		{"nothing but sound", []*media.Track{audioTrack(1, "Opus", "en", "")}, []string{"audio en main a1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for i, s := range parsed(t, manifestOf(c.tracks...)).Period[0].Sets {
				if s.ID != i+1 || !s.Aligned {
					t.Errorf("set %d: %+v", i, s)
				}
				fields := []string{s.ContentType, s.Lang}
				if s.Role != nil {
					fields = append(fields, s.Role.Value)
				}
				fields = append(fields, s.Label)
				for _, r := range s.Representations {
					fields = append(fields, r.ID)
				}
				got = append(got, strings.Join(strings.Fields(strings.Join(fields, " ")), " "))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWhatARepresentationSaysOfItsTrack(t *testing.T) {
	varying := videoTrack()
	varying.Layout.Durations = true
	unknown := videoTrack()
	unknown.Width, unknown.Layout.Duration = 0, 0
	whole := videoTrack()
	whole.Layout.Duration = 40
	for _, c := range []struct {
		name  string
		track *media.Track
		want  string
	}{
		{"a constant frame rate", whole, "1920x1080 1:1 25"},
		{"a varying one is not said", varying, "1920x1080 1:1 "},
		{"what is not known is not said", unknown, "0x0  "},
	} {
		r := parsed(t, manifestOf(c.track)).Period[0].Sets[0].Representations[0]
		if got := fmt.Sprintf("%dx%d %s %s", r.Width, r.Height, r.Sar, r.FrameRate); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for channels, want := range map[int]string{0: "", 1: "1", 2: "2", 6: "6", 7: "11", 8: "12", 24: ""} {
		a := audioTrack(1, "mp4a.40.2", "", "")
		a.Channels = channels
		got := ""
		if d := parsed(t, manifestOf(a)).Period[0].Sets[0].Channels; d != nil {
			got = d.Value
		}
		if got != want {
			t.Errorf("%d channels are %q, want %q", channels, got, want)
		}
	}
}

func TestProfilesAreThoseThatHold(t *testing.T) {
	twice := audioTrack(1, "mp4a.40.2", "", "")
	twice.Entries = [][]byte{{1}, {2}}
	for _, c := range []struct {
		name  string
		track *media.Track
		cmaf  bool
	}{
		{"sound", audioTrack(1, "mp4a.40.2", "", ""), true},
		{"a picture of which nobody looked where its segments begin", videoTrack(), false},
		{"a track that is coded in two ways", twice, false},
	} {
		m := parsed(t, manifestOf(c.track))
		if !strings.HasPrefix(m.Profiles, profileLive) || strings.Contains(m.Profiles, profileCMAF) != c.cmaf {
			t.Errorf("%s: %s", c.name, m.Profiles)
		}
	}
}

func TestTimelines(t *testing.T) {
	at := func(v uint64) *uint64 { return &v }
	for _, c := range []struct {
		name     string
		track    media.Track
		want     []timelineSpan
		end, max int64 // microseconds
	}{
		{"nothing", media.Track{Timescale: 10}, nil, 0, 0},
		{"even segments", media.Track{Timescale: 10, Segments: []media.Segment{{Start: 0, Duration: 60}, {Start: 60, Duration: 60}}}, []timelineSpan{{at(0), 60, 1}}, 12e6, 6e6},
		{
			"priming stands before the beginning",
			media.Track{Timescale: 10, Origin: 5, Segments: []media.Segment{{Start: -2, Duration: 62}, {Start: 60, Duration: 30}}},
			[]timelineSpan{{at(3), 62, 0}, {nil, 30, 0}},
			9e6, 62e5,
		},
		{
			"a track that sets in late",
			media.Track{Timescale: 10, Origin: 5, Segments: []media.Segment{{Start: 100, Duration: 60}}},
			[]timelineSpan{{at(105), 60, 0}},
			16e6, 6e6,
		},
		{
			"a segment that shows nothing lasts a tick",
			media.Track{Timescale: 10, Segments: []media.Segment{{Start: 0, Duration: 0}, {Start: 0, Duration: 60}}},
			[]timelineSpan{{at(0), 1, 0}, {nil, 59, 0}},
			6e6, 59e5,
		},
		{
			"times that go back do not",
			media.Track{Timescale: 10, Segments: []media.Segment{{Start: 10, Duration: 0}, {Start: 5, Duration: 20}}},
			[]timelineSpan{{at(10), 1, 0}, {nil, 14, 0}},
			25e5, 14e5,
		},
		{
			"ends are rounded up",
			media.Track{Timescale: 3, Segments: []media.Segment{{Duration: 1}}},
			[]timelineSpan{{at(0), 1, 0}},
			333334, 333334,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newTimeline(&c.track)
			if d := cmp.Diff(c.want, l.spans()); d != "" {
				t.Error(d)
			}
			if l.end() != c.end || l.longest() != c.max {
				t.Errorf("it ends at %d, the longest lasts %d; want %d and %d", l.end(), l.longest(), c.end, c.max)
			}
		})
	}
}

// Who loads at the peak rate from any segment on, and begins to play after
// minBufferTime, never waits, and would if it began any sooner.
func TestTheBufferIsJustEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		track := &media.Track{Timescale: 1000}
		at := int64(0)
		for range rapid.IntRange(1, 12).Draw(t, "segments") {
			s := media.Segment{Start: at, Duration: rapid.Uint64Range(500, 12_000).Draw(t, "duration")}
			s.Bytes = rapid.Int64Range(0, 1_000_000).Draw(t, "bytes")
			at += int64(s.Duration)
			track.Segments = append(track.Segments, s)
		}
		l := newTimeline(track)
		rate := bitrateOf(track, longest(boundaries(track))).peak
		buffer := float64(l.buffer(track, rate)) / micro
		most := 0.0
		for first := range track.Segments {
			loaded, plays := 0.0, 0.0
			for i := first; i < len(track.Segments); i++ {
				loaded += float64(segmentSize(track, i)) * 8 / float64(rate)
				most = max(most, loaded-plays)
				plays += float64(track.Segments[i].Duration) / 1000
			}
		}
		if math.Abs(buffer-most) > 0.0011 || buffer < most-1e-9 {
			t.Fatalf("minBufferTime is %f s, %f s are needed", buffer, most)
		}
	})
}

// Attack 26: a track's name and language cannot put anything into a manifest.
func TestAttackManifestInjectionThroughNamesAndLanguages(t *testing.T) {
	for _, name := range []string{
		"\"/><x y=\"", "</Label><BaseURL>https://evil.example/</BaseURL>", "]]>", "<!--", "&lt;&#10;", "<![CDATA[", "<?xml?>", "a\r\nb",
		"\x00\x1b[31mred", "\xff\xfe", "\u202edrawkcab", "\ufffe", strings.Repeat("long ", 100), "$Number$", "",
	} {
		checkManifestNames(t, name, name)
	}
}

func FuzzManifestNames(f *testing.F) {
	f.Add("Stereo", "en")
	f.Add("</Label>\n<BaseURL>", "\" x=\"")
	f.Add("&amp;\x00", "de-CH")
	f.Fuzz(func(t *testing.T, name, codec string) { checkManifestNames(t, name, codec) })
}

// checkManifestNames reads a manifest with such names token by token: whatever
// they are, its elements and attributes are the same.
func checkManifestNames(t *testing.T, name, codec string) {
	t.Helper()
	text := manifestOf(videoTrack(), audioTrack(2, codec, name, name), audioTrack(3, codec, name, name))
	if !utf8.Valid(text) {
		t.Fatalf("%q: no UTF-8", name)
	}
	var elements []string
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if err == io.EOF { //nolint:errorlint // it is never wrapped
			break
		}
		if err != nil {
			t.Fatalf("%q: %v\n%s", name, err, text)
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements = append(elements, token.Name.Local)
			for _, a := range token.Attr {
				if a.Name.Local == "lang" && languageTag(a.Value) != a.Value || strings.ContainsAny(a.Value, "\r\n") {
					t.Fatalf("%q: %s is %q", name, a.Name.Local, a.Value)
				}
			}
		case xml.Comment, xml.Directive:
			t.Fatalf("%q: %v", name, token)
		}
	}
	track := "AdaptationSet AudioChannelConfiguration Label Role Representation SegmentTemplate SegmentTimeline S "
	if displayName(name) == "" {
		track = strings.Replace(track, "Label ", "", 1)
	}
	want := "MPD Period AdaptationSet Representation SegmentTemplate SegmentTimeline S " + track + track
	if got := strings.Join(elements, " ") + " "; got != want {
		t.Fatalf("%q: elements %s, want %s", name, got, want)
	}
	for _, s := range parsed(t, text).Period[0].Sets[1:] {
		if n := utf8.RuneCountInString(s.Label); n > maxName+4 || strings.ContainsAny(s.Label, "\r\n\"") {
			t.Fatalf("%q: label %q", name, s.Label)
		}
	}
}

func TestManifestsAreCompressedForWhoTakesThat(t *testing.T) {
	h := by(ann, newLibrary(t, shortClip, nil))
	plain, packed := ask(h, "GET", "/film/manifest.mpd"), ask(h, "GET", "/film/manifest.mpd", "Accept-Encoding", "gzip")
	if plain.StatusCode != http.StatusOK || plain.Header.Get("Content-Type") != manifestType || plain.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("%s %v", plain.Status, plain.Header)
	}
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("ETag") == plain.Header.Get("ETag") {
		t.Fatalf("compressed: %v", packed.Header)
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(z); err != nil || !bytes.Equal(text, content(t, plain)) {
		t.Errorf("another manifest: %v", err)
	}
}
