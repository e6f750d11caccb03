package hls_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/playcheck"
)

// spoken are the cues of the files that are made here: apart, side by side, one
// that goes on for several segments, and one that begins as the picture ends.
const spoken = "1\n00:00:01,000 --> 00:00:02,500\nOne\n\n2\n00:00:02,500 --> 00:00:04,033\n<i>Two</i> & 3 < 4\nlines\n\n" +
	"3\n00:00:05,000 --> 00:00:13,240\nA long one\n\n4\n00:00:13,900 --> 00:00:16,000\nThe last\n"

// textFixtures are files with subtitles within them, as fixture has them.
var textFixtures = []struct {
	name, steps string
	moved       time.Duration                             // those of spoken, where ffmpeg reads them wrong or not
	want        func(moved []captions.Cue) []captions.Cue // the same, and what else is changed
}{
	{name: "3GPP timed text in MP4", steps: "$BASE -f srt -i spoken.srt -map 0 -map 1 -c copy -c:s mov_text out.mp4"},
	{name: "3GPP timed text in MOV", steps: "$BASE -f srt -i spoken.srt -map 0 -map 1 -c copy -c:s mov_text out.mov"},
	{
		name: "3GPP timed text in fragments", moved: 1, // it begins after the priming
		steps: "$BASE -f srt -i spoken.srt -map 0 -map 1 -c copy -c:s mov_text -movflags frag_keyframe+empty_moov out.mp4",
		want: func(moved []captions.Cue) []captions.Cue {
			moved[1].End, moved[2].End = moved[2].Start, moved[3].Start // ffmpeg writes no gaps there
			return moved
		},
	},
	{name: "TTML in MP4", moved: 1, steps: "$BASE -f srt -i spoken.srt -map 0 -map 1 -c copy -c:s ttml out.mp4"},
	{name: "SubRip in Matroska", steps: "$BASE -f srt -i spoken.srt -map 0 -map 1 -c copy -c:s srt out.mkv"},
	{name: "WebVTT in Matroska", moved: 21 * time.Millisecond, steps: "$BASE -f srt -i spoken.srt -map 0 -map 1 -c copy -c:s webvtt out.mkv"},
	{name: "SubStation in Matroska", steps: "$BASE -f srt -i spoken.srt -map 0 -map 1 -c copy -c:s ass out.mkv"},
	{name: "sound and picture that begin later", steps: "-itsoffset 1.5 $BASE -f srt -i spoken.srt -map 0 -map 1 -c copy -c:s mov_text out.mp4"},
	{name: "text that an edit list delays", steps: "$BASE -itsoffset 0.7 -f srt -i spoken.srt -map 0 -map 1 -c copy -c:s mov_text out.mp4"},
	{
		name: "a cut within a cue", moved: -6187 * time.Millisecond, // it begins with a whole packet of sound
		steps: "$BASE -f srt -i spoken.srt -map 0 -map 1 -c copy -c:s mov_text whole.mp4\n-ss 6.2 -i whole.mp4 -map 0 -c copy out.mp4",
		want: func(moved []captions.Cue) []captions.Cue {
			moved[2].Start, moved[3].End = 13*time.Millisecond, 11013*time.Millisecond // ffmpeg makes the last sample longer; the edit list ends it
			return moved[2:]
		},
	},
}

func TestSubtitlesInAFileShowWhenFFmpegSays(t *testing.T) {
	playcheck.Require(t)
	base := filepath.Join(t.TempDir(), "base.mp4")
	encode(t, filepath.Dir(base), base, "$V $A "+x264+" -c:a aac "+base)
	for _, f := range textFixtures {
		t.Run(f.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "spoken.srt"), []byte(spoken), 0o600); err != nil {
				t.Fatal(err)
			}
			name := fixture{steps: f.steps}.make(t, dir, base)
			want := parseCues(t, []byte(spoken))
			for i := range want {
				want[i].Start, want[i].End = want[i].Start+f.moved, want[i].End+f.moved
			}
			if f.want != nil {
				want = f.want(want)
			}
			if f.moved == 0 {
				want = shownByFFmpeg(t, filepath.Join(dir, name))
			}
			compareSubtitles(t, serve(t, dir).URL+"/"+name, want)
			keepsRules(t, hls.Dir(dir), name, nil)
		})
	}
}

// TestSubtitlesThatMkvmergeWrites are compressed, of several languages, and for
// different viewers.
func TestSubtitlesThatMkvmergeWrites(t *testing.T) {
	playcheck.Require(t)
	if _, err := exec.LookPath("mkvmerge"); err != nil {
		playcheck.Missing(t, "mkvmerge is missing: install mkvtoolnix")
	}
	dir := t.TempDir()
	encode(t, dir, "", "$V $A "+x264+" -c:a aac base.mp4")
	for name, text := range map[string]string{
		"spoken.srt": spoken,
		"spoken.vtt": "WEBVTT\n\n00:01.000 --> 00:02.500 line:0\nOne\n\n00:02.500 --> 00:04.033\n<i>Two</i> &amp; 3 &lt; 4\nlines\n\n00:05.000 --> 00:13.240\nA long one\n\n00:13.900 --> 00:16.000\nThe last\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), "mkvmerge", "-q", "-o", "out.mkv", "base.mp4",
		"--language", "0:de", "--track-name", "0:Deutsch", "--compression", "0:zlib", "spoken.srt",
		"--language", "0:en", "--hearing-impaired-flag", "0:1", "--compression", "0:none", "spoken.vtt",
		"--language", "0:de", "--forced-display-flag", "0:1", "spoken.srt")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	at := serve(t, dir).URL + "/out.mkv"
	compareSubtitles(t, at, parseCues(t, []byte(spoken)))
	_, master, _ := read(t, at+"/master.m3u8")
	var media []string
	for line := range strings.Lines(string(master)) {
		if strings.Contains(line, "TYPE=SUBTITLES") {
			media = append(media, regexp.MustCompile(`[0-9a-f]{16}`).ReplaceAllString(strings.TrimSpace(line), "r"))
		}
	}
	if d := cmp.Diff([]string{
		`#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="Deutsch",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,URI="r/t3/index.m3u8"`,
		`#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="en",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,` +
			`CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound",URI="r/t4/index.m3u8"`,
		`#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="de",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES,URI="r/t5/index.m3u8"`,
	}, media); d != "" {
		t.Error(d)
	}
	_, manifest, _ := read(t, at+"/manifest.mpd")
	for role, lang := range map[string]string{"subtitle": "de", "caption": "en", "forced-subtitle": "de"} {
		if !regexp.MustCompile(`contentType="text" lang="` + lang + `" mimeType="text/vtt">\s*(<Label>[^<]*</Label>\s*)?<Role [^>]*value="` + role + `"`).Match(manifest) {
			t.Errorf("the manifest has no %s in %s:\n%s", role, lang, manifest)
		}
	}
	keepsRules(t, hls.Dir(dir), "out.mkv", nil)
}

// compareSubtitles holds what is shown of every track of subtitles of a
// presentation against cues, by its segments and by its file.
func compareSubtitles(t *testing.T, at string, want []captions.Cue) {
	t.Helper()
	_, master, _ := read(t, at+"/master.m3u8")
	uris := regexp.MustCompile(`TYPE=SUBTITLES.*URI="([^"]+)index.m3u8"`).FindAllStringSubmatch(string(master), -1)
	if len(uris) == 0 {
		t.Fatalf("there are no subtitles:\n%s", master)
	}
	for _, m := range uris {
		folder := at + "/" + m[1]
		_, file, _ := read(t, folder+"all.vtt")
		whole := parseCues(t, file)
		diffCues(t, "the file", want, whole)
		_, playlist, _ := read(t, folder+"index.m3u8")
		times := []time.Duration{0}
		for _, d := range extinf.FindAllStringSubmatch(string(playlist), -1) {
			s, _ := strconv.ParseFloat(d[1], 64)
			times = append(times, times[len(times)-1]+time.Duration(math.Round(s*1e6))*time.Microsecond)
		}
		last := len(times) - 2
		times[last+1] = math.MaxInt64
		for n := range last + 1 {
			status, segment, header := read(t, fmt.Sprintf("%s%d.vtt", folder, n))
			if status != http.StatusOK || header.Get("Content-Type") != "text/vtt" || !strings.Contains(string(segment), "\nX-TIMESTAMP-MAP=MPEGTS:") {
				t.Errorf("segment %d: %d %v %s", n, status, header, segment)
			}
			shown := slices.DeleteFunc(slices.Clone(whole), func(c captions.Cue) bool { return c.End <= times[n] || c.Start >= times[n+1] })
			var got []captions.Cue
			if bytes.Contains(segment, []byte("-->")) {
				got = parseCues(t, segment)
			}
			if d := cmp.Diff(shown, got); d != "" {
				t.Errorf("segment %d: %s", n, d)
			}
		}
		if status, _, _ := read(t, fmt.Sprintf("%s%d.vtt", folder, last+1)); status != http.StatusNotFound {
			t.Errorf("segment %d: %d", last+1, status)
		}
	}
}

// diffCues lets times differ by a millisecond: each is rounded to that.
func diffCues(t *testing.T, what string, want, got []captions.Cue) {
	t.Helper()
	near := cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() <= time.Millisecond })
	if d := cmp.Diff(want, got, near, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Settings" }, cmp.Ignore())); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}

func parseCues(t *testing.T, file []byte) []captions.Cue {
	t.Helper()
	cues, err := captions.Parse(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	for i := range cues { // TTML of ffmpeg has no styles
		cues[i].Text = strings.NewReplacer("<i>", "", "</i>", "").Replace(cues[i].Text)
	}
	return cues
}

// shownByFFmpeg are the cues of the first track of subtitles, from where picture
// or sound begin.
func shownByFFmpeg(t *testing.T, path string) []captions.Cue {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-copyts", "-i", path, "-map", "0:s:0", "-f", "srt", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	probed, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-show_entries", "stream=codec_type,start_time", "-of", "json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Streams []struct {
			Type  string `json:"codec_type"`
			Start string `json:"start_time"`
		}
	}
	if err := json.Unmarshal(probed, &all); err != nil {
		t.Fatal(err)
	}
	zero := math.Inf(1)
	for _, s := range all.Streams {
		if start, err := strconv.ParseFloat(s.Start, 64); err == nil && s.Type != "subtitle" {
			zero = min(zero, max(start, 0))
		}
	}
	cues := parseCues(t, out)
	var shown []captions.Cue
	for _, c := range cues {
		c.Start -= time.Duration(zero * 1e9).Round(time.Millisecond)
		c.End -= time.Duration(zero * 1e9).Round(time.Millisecond)
		if c.Start = max(c.Start, 0); c.End > 0 {
			shown = append(shown, c)
		}
	}
	return shown
}
