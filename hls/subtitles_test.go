package hls

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// caption gives the film of l captions with one file for all.
func (l *library) caption(file string, list ...metadata.Caption) {
	for i := range list {
		list[i].Key = "film/captions/" + list[i].Language
		l.files.put(list[i].Key, []byte(file))
	}
	l.asset.Captions = list
	l.meta.put(l.asset)
	l.Forget("film")
}

// cues of shortClip, whose segments are of 6 seconds.
const shortCues = "WEBVTT\n\n00:01.000 --> 00:02.000\none\n\n00:05.500 --> 00:06.500 line:0\n<i>two</i>\n\n00:06.000 --> 00:07.000\nthree\n\n00:11.000 --> 00:59.000\nfour\n\n00:30.000 --> 00:40.000\nfive\n"

// ask the asset's playlist, and return what stands in it.
func (l *library) playlist(t *testing.T) string {
	t.Helper()
	r := ask(by(ann, l), "GET", "/film/master.m3u8")
	text := content(t, r)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", r.Status, text)
	}
	return string(text)
}

func TestCaptionsAreARenditionOfEveryVariant(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	before := l.playlist(t)
	l.caption(
		shortCues,
		metadata.Caption{Language: "en", Label: "English \"CC\"\n#EXT-X-ENDLIST", Kind: metadata.SpokenAndSounds, Default: true},
		metadata.Caption{Language: "de", Default: true},
		metadata.Caption{Language: "x-de", Label: "de", Forced: true},
	)
	after := l.playlist(t)
	var media []string
	rest := ""
	for line := range strings.Lines(after) {
		if strings.Contains(line, "TYPE=SUBTITLES") {
			_, uri, _ := strings.Cut(line, "URI=\"")
			revision, _, _ := strings.Cut(uri, "/")
			media = append(media, strings.Replace(strings.TrimSpace(line), revision, "r", 1))
			continue
		}
		rest += strings.Replace(line, ",SUBTITLES=\"subtitles\"", "", 1)
	}
	if d := cmp.Diff([]string{
		`#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="English CC#EXT-X-ENDLIST",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,` +
			`CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound",URI="r/s1/index.m3u8"`,
		`#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="de",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,URI="r/s2/index.m3u8"`,
		`#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="de (2)",LANGUAGE="x-de",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES,URI="r/s3/index.m3u8"`,
	}, media); d != "" {
		t.Error(d)
	}
	rate := func(playlist string) (n int64) {
		_, after, _ := strings.Cut(playlist, "INF:BANDWIDTH=")
		number, _, _ := strings.Cut(after, ",")
		n, _ = strconv.ParseInt(number, 10, 64)
		return n
	}
	was, is := rate(before), rate(rest)
	if is-was != textRate {
		t.Errorf("BANDWIDTH was %d, with subtitles it is %d", was, is)
	}
	rest = strings.ReplaceAll(rest, "INF:BANDWIDTH="+strconv.FormatInt(is, 10), "INF:BANDWIDTH="+strconv.FormatInt(was, 10))
	if d := cmp.Diff(before, rest); d != "" {
		t.Errorf("captions change more than they have to: %s", d)
	}
	if variants := strings.Count(after, "#EXT-X-STREAM-INF"); variants == 0 || strings.Count(after, `SUBTITLES="subtitles"`) != variants {
		t.Errorf("not every variant has them:\n%s", after)
	}
	parseMultivariant(t, []byte(after))
}

func TestWithoutCaptionsAPlaylistIsWhatItWas(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	want := string(multivariantPlaylist(l.index.Tracks, l.asset.Revision))
	if got := l.playlist(t); got != want || strings.Contains(got, "SUBTITLES") {
		t.Errorf("%s", got)
	}
	l.caption(shortCues, metadata.Caption{Language: "en"})
	l.playlist(t)
	l.caption("")
	if got := l.playlist(t); got != want {
		t.Errorf("once they are gone:\n%s", got)
	}
	if got := ask(by(ann, l), "GET", "/film/"+l.asset.Revision+"/s1/index.m3u8"); got.StatusCode != http.StatusNotFound {
		t.Errorf("%s", got.Status)
	}
}

func TestSubtitlesAreCutWhereThePictureIs(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	l.caption(shortCues, metadata.Caption{Language: "en"})
	h := by(ann, l)
	picture := parseMedia(t, content(t, ask(h, "GET", base(t, h, "/film", "v1")+"index.m3u8")))
	at := base(t, h, "/film", "s1")
	text := content(t, ask(h, "GET", at+"index.m3u8"))
	playlist := parseMedia(t, text)
	if strings.Contains(string(text), "EXT-X-MAP") || playlist.Count() != picture.Count() || playlist.TargetDuration != picture.TargetDuration || !playlist.Closed {
		t.Errorf("%s", text)
	}
	for i := range playlist.Count() {
		if playlist.Segments[i].Duration != picture.Segments[i].Duration {
			t.Errorf("segment %d has %v s, and the picture %v", i, playlist.Segments[i].Duration, picture.Segments[i].Duration)
		}
	}
	head := newTiming(l.index.Tracks[0]).head
	for uri, want := range map[string]string{
		"0.vtt": "\n1\n00:00:01.000 --> 00:00:02.000\none\n\n2\n00:00:05.500 --> 00:00:06.500 line:0\n<i>two</i>\n\n",
		"1.vtt": "\n2\n00:00:05.500 --> 00:00:06.500 line:0\n<i>two</i>\n\n3\n00:00:06.000 --> 00:00:07.000\nthree\n\n" +
			"4\n00:00:11.000 --> 00:00:59.000\nfour\n\n5\n00:00:30.000 --> 00:00:40.000\nfive\n\n",
	} {
		if d := cmp.Diff(head+want, string(content(t, ask(h, "GET", at+uri)))); d != "" {
			t.Errorf("%s: %s", uri, d)
		}
	}
	if n := l.files.opened("film/captions/en"); n != 1 {
		t.Errorf("the file was read %d times", n)
	}
	if n := l.files.open.Load(); n != 0 {
		t.Errorf("%d blobs are still open", n)
	}
}

func TestTheClockOfSubtitlesIsThatOfTheMedia(t *testing.T) {
	for _, c := range []struct {
		origin    uint64
		timescale uint32
		want      string
	}{
		{0, 1000, "MPEGTS:0,"}, {1024, 48000, "MPEGTS:1920,"}, {1, 3, "MPEGTS:30000,"}, {60 * 4294967295, 4294967295, "MPEGTS:5400000,"},
	} {
		got := newTiming(&media.Track{Origin: c.origin, Timescale: c.timescale, Segments: make([]media.Segment, 1)}).head
		if !strings.HasPrefix(got, "WEBVTT\nX-TIMESTAMP-MAP="+c.want+"LOCAL:00:00:00.000\n") {
			t.Errorf("%d/%d: %q", c.origin, c.timescale, got)
		}
	}
}

// Every cue is in each segment in which it is shown, and in no other, always the same.
func TestEveryCueIsWhereItIsShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := []int64{0}
		for range rapid.IntRange(1, 8).Draw(t, "segments") {
			times = append(times, times[len(times)-1]+rapid.Int64Range(0, 9).Draw(t, "duration")*micro)
		}
		var cues []captions.Cue
		start := time.Duration(0)
		for range rapid.IntRange(0, 20).Draw(t, "cues") {
			start += time.Duration(rapid.IntRange(0, 10).Draw(t, "gap")) * time.Second / 2
			cues = append(cues, captions.Cue{Start: start, End: start + time.Duration(rapid.IntRange(1, 40).Draw(t, "length"))*time.Second/2, Text: "x"})
		}
		list := newCueList(cues)
		for n := range len(times) - 1 {
			got := string(list.segment(&timing{times: times, head: "head\n"}, n))
			want := "head\n"
			for i := range cues {
				begins := cues[i].Start.Microseconds() < times[n+1] || n == len(times)-2
				if begins && cues[i].End.Microseconds() > times[n] {
					want += string(captions.Append(nil, i+1, &cues[i]))
				}
			}
			if got != want+"\n" {
				t.Fatalf("segment %d of %v is\n%s, want\n%s", n, times, got, want)
			}
		}
	})
}

func TestOnlySubtitlesChangeTheirURIsWithCaptions(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	picture := base(t, h, "/film", "v1")
	l.caption(shortCues, metadata.Caption{Language: "en"}, metadata.Caption{Language: "de"})
	english, german := base(t, h, "/film", "s1"), base(t, h, "/film", "s2")
	tag := ask(h, "GET", "/film/master.m3u8").Header.Get("ETag")
	l.asset.Captions = append([]metadata.Caption{}, l.asset.Captions...)
	l.asset.Captions[0].Key = "film/captions/other"
	l.files.put("film/captions/other", []byte("WEBVTT\n\n00:01.000 --> 00:02.000\nnew\n"))
	l.meta.put(l.asset)
	l.Forget("film")
	if now := base(t, h, "/film", "s1"); now == english || !strings.Contains(string(content(t, ask(h, "GET", now+"0.vtt"))), "new") {
		t.Errorf("English is at %s still", now)
	}
	if base(t, h, "/film", "s2") != german || base(t, h, "/film", "v1") != picture {
		t.Error("what did not change moved")
	}
	for _, end := range []string{"index.m3u8", "0.vtt"} {
		if got := ask(h, "GET", english+end); got.StatusCode != http.StatusNotFound {
			t.Errorf("the old %s: %s", end, got.Status)
		}
	}
	if ask(h, "GET", "/film/master.m3u8").Header.Get("ETag") == tag {
		t.Error("the playlist has the same ETag")
	}
	if n := l.files.opened("film/index"); n != 1 {
		t.Errorf("the presentation was loaded %d times", n)
	}
}

func TestSubtitleHeaders(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{Public: true})
	l.caption(strings.Repeat("00:00:01,000 --> 00:00:02,000\nagain and again\n\n", 50), metadata.Caption{Language: "en"})
	h := by(ann, l)
	at := base(t, h, "/film", "s1")
	got := ask(h, "GET", at+"0.vtt", "Origin", "https://elsewhere.example")
	for name, want := range map[string]string{
		"Content-Type": "text/vtt", "Cache-Control": "public, max-age=31536000, immutable", "Access-Control-Allow-Origin": "*",
		"X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
	whole := content(t, got)
	packed := ask(h, "GET", at+"0.vtt", "Accept-Encoding", "gzip")
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(z); err != nil || !bytes.Equal(text, whole) || packed.Header.Get("ETag") == got.Header.Get("ETag") {
		t.Errorf("gzipped it is %d bytes of %d: %v", len(text), len(whole), err)
	}
	if again := ask(h, "GET", at+"0.vtt", "If-None-Match", got.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("with its ETag: %s", again.Status)
	}
	if head := ask(h, "HEAD", at+"0.vtt"); head.Header.Get("Content-Length") != got.Header.Get("Content-Length") || len(content(t, head)) != 0 {
		t.Errorf("HEAD: %v", head.Header)
	}
}

func TestSubtitlePathsThatLeadNowhere(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	l.caption(shortCues, metadata.Caption{Language: "en"}, metadata.Caption{Language: "de"})
	h := by(ann, l)
	at, picture := base(t, h, "/film", "s1"), base(t, h, "/film", "v1")
	one := strings.TrimSuffix(at, "s1/")
	for _, path := range []string{
		at + "2.vtt", at + "99999.vtt", at + "init.mp4", at + "0.m4s", at + "0", one + "s2/0.vtt", one + "s0/0.vtt", one + "s3/0.vtt", one + "v1/0.vtt",
		one + "v1/0.m4s", picture + "0.vtt", strings.Replace(picture, "v1", "s1", 1) + "0.vtt",
	} {
		if got := ask(h, "GET", path); got.StatusCode != http.StatusNotFound || got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s", path, got.Status)
		}
	}
	bob := by(auth.Principal{ID: "bob"}, l)
	for _, path := range []string{at + "0.vtt", at + "index.m3u8"} {
		if got := ask(bob, "GET", path); got.StatusCode != http.StatusNotFound {
			t.Errorf("of another's: %s", got.Status)
		}
	}
}

func TestCaptionsThatCannotBeRead(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	l.caption("no subtitles", metadata.Caption{Language: "en"}, metadata.Caption{Language: "de"}, metadata.Caption{Language: "fr"})
	h := by(ann, l)
	english, german, french := base(t, h, "/film", "s1"), base(t, h, "/film", "s2"), base(t, h, "/film", "s3")
	if got := ask(h, "GET", english+"0.vtt"); got.StatusCode != http.StatusInternalServerError {
		t.Errorf("damaged: %s", got.Status)
	}
	delete(l.files.blobs, "film/captions/de")
	if got := ask(h, "GET", german+"0.vtt"); got.StatusCode != http.StatusInternalServerError {
		t.Errorf("lost: %s", got.Status)
	}
	l.files.fail = func(key string, _ int64) error {
		if key == "film/captions/fr" {
			return errors.New("EIO")
		}
		return nil
	}
	if got := ask(h, "GET", french+"0.vtt"); got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a disk that fails: %s", got.Status)
	}
	// A row that another process changed within the second for which it is believed.
	l.asset.Captions = l.asset.Captions[:1]
	l.meta.put(l.asset)
	if got := ask(h, "GET", german+"0.vtt"); got.StatusCode != http.StatusNotFound {
		t.Errorf("taken away: %s", got.Status)
	}
	for _, track := range []string{"v1", "a2"} {
		if got := ask(h, "GET", base(t, h, "/film", track)+"0.m4s"); got.StatusCode != http.StatusOK {
			t.Errorf("%s does not play without them: %s", track, got.Status)
		}
	}
	if n := l.files.open.Load(); n != 0 {
		t.Errorf("%d blobs are still open", n)
	}
}

// Attacks 26 and 28: what people write beside a film, and in its captions, stays
// text, even where it came into the stores by another way than the handler's.
func TestAttackCaptionInjection(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	for _, hostile := range []string{
		"\"\n#EXT-X-ENDLIST\n", "a\",URI=\"https://evil.example/x.m3u8", "a\r\nb", "a\u2028b\u0085c", "\x00\x1b[31mred", "\u202edrawkcab", strings.Repeat("long ", 100), "",
	} {
		file := "WEBVTT\n\nid\n00:01.000 --> 00:02.000 line:0 \"><script>\n" + strings.NewReplacer("\n\n", " ", "\r", " ").Replace(hostile) +
			"<script>alert(1)</script><img src=x onerror=alert(2)>&#10;&#10;9&#10;00:00:00.000 --&gt; 00:00:09.000&#10;<svg/onload=alert(3)\n"
		l.caption(file, metadata.Caption{Language: hostile, Label: hostile}, metadata.Caption{Language: "en", Label: hostile})
		text := l.playlist(t)
		p := parseMultivariant(t, []byte(text))
		if n := strings.Count(text, "\n#EXT-X-MEDIA:TYPE=SUBTITLES,"); n != 2 || len(p.Variants) != 1 || strings.Contains(text, `URI="https`) {
			t.Errorf("%q: %s", hostile, text)
		}
		h := by(ann, l)
		got := ask(h, "GET", base(t, h, "/film", "s2")+"0.vtt", "Accept", "text/html")
		body := string(content(t, got))
		if got.Header.Get("Content-Type") != "text/vtt" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%v", got.Header)
		}
		if strings.Count(body, "-->") != 1 || strings.Contains(body, "<script") || strings.Contains(body, "<img") || strings.Contains(body, "<svg") || strings.ContainsAny(body, "\x00\x1b\r") {
			t.Errorf("%q: %s", hostile, body)
		}
		if again, err := captions.Parse([]byte(body)); err != nil || len(again) != 1 {
			t.Errorf("%q: %d cues, %v", hostile, len(again), err)
		}
	}
}

func TestSoundAloneHasSubtitlesToo(t *testing.T) {
	c := shortClip
	c.noVideo = true
	l := newLibrary(t, c, nil)
	l.caption(shortCues, metadata.Caption{Language: "en"})
	h := by(ann, l)
	if got := ask(h, "GET", base(t, h, "/film", "s1")+"1.vtt"); got.StatusCode != http.StatusOK {
		t.Errorf("%s", got.Status)
	}
	if text := l.playlist(t); strings.Count(text, `SUBTITLES="subtitles"`) != 1 {
		t.Errorf("%s", text)
	}
}

// What is cut of the largest file that is taken stays small: cues that are shown
// at the same time are bounded, however long they are shown.
func TestSegmentsOfHostileCaptionsStaySmall(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test is to be the same each time
	var file bytes.Buffer
	file.WriteString("WEBVTT\n")
	for i := range 1000 {
		from := time.Duration(i) * time.Second
		cue := captions.Cue{Start: from, End: from + time.Duration(random.IntN(7000)+1)*time.Millisecond, Text: strings.Repeat("x", 7000)}
		file.Write(captions.Append(nil, i+1, &cue))
	}
	cues, err := captions.Parse(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	track := &media.Track{Timescale: 1}
	for i := range 170 {
		track.Segments = append(track.Segments, media.Segment{Start: int64(6 * i), Duration: 6})
	}
	when, list := newTiming(track), newCueList(cues)
	for n := range track.Segments {
		if got := len(list.segment(&when, n)); got > captions.MaxShown+7*8000 {
			t.Errorf("segment %d has %d bytes", n, got)
		}
	}
}

func TestCaptionsLeaveIFramesWhereTheyAre(t *testing.T) {
	s, _ := filmInFiles(t)
	a := s.meta.(*memoryMeta).assets["film"]
	a.Captions = []metadata.Caption{{Language: "en", Key: "captions"}}
	s.meta.(*memoryMeta).put(a)
	text := string(content(t, ask(by(ann, s), "GET", "/film/master.m3u8")))
	if !strings.Contains(text, "TYPE=SUBTITLES") || !strings.Contains(text, "#EXT-X-I-FRAME-STREAM-INF:") {
		t.Errorf("%s", text)
	}
}
