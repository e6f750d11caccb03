package hls_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/playcheck"
)

// shownByManifest are the fixtures that are played by their manifest, too: of
// every way in which decode timelines and presentation come apart.
var shownByManifest = []string{
	"H.264 with B-frames and AAC with priming", "H.264 with open GOPs", "H.264 at 1 frame in 3 seconds", "rotated by 90",
	"HEVC hvc1", "AV1 by SVT-AV1", "E-AC-3 5.1", "FLAC of 24 bits at 96 kHz", "AAC", "begins within a GOP", "sound 10 s late", "picture 0.7 s late",
	"sound longer than the picture", "an edit that leaves out the middle", "two languages", "AAC and AC-3", "fragments that begin at 20 s",
}

func TestManifestsPlayAsPlaylistsDo(t *testing.T) {
	playcheck.Require(t)
	base := filepath.Join(t.TempDir(), "base.mp4")
	encode(t, filepath.Dir(base), base, "$V $A "+x264+" -c:a aac -aac_pns 0 "+base)
	for i, f := range fixtures() {
		if !slices.Contains(shownByManifest, f.name) || spared(t, i, 1, 4) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			at := serve(t, dir).URL + "/" + f.make(t, dir, base)
			for _, problem := range playcheck.Manifest(t, at+"/master.m3u8", at+"/manifest.mpd") {
				t.Error(problem)
			}
			checkManifest(t, at)
		})
	}
}

// TestCorpusManifests reads the manifest of every file of the corpus that plays.
func TestCorpusManifests(t *testing.T) {
	dir, films := corpus(t)
	server := serve(t, dir)
	played := 0
	for _, f := range films {
		at := server.URL + "/" + url.PathEscape(f.name)
		if status, _, _ := read(t, at+"/master.m3u8"); status != http.StatusOK {
			if status, _, _ := read(t, at+"/manifest.mpd"); status == http.StatusOK {
				t.Errorf("%s has a manifest and does not play", f.name)
			}
			continue
		}
		played++
		t.Run(f.name, func(t *testing.T) { checkManifest(t, at) })
	}
	t.Logf("%d manifests", played)
}

// readManifest is what a player makes of a manifest: written anew here, so that
// what is written is not read by what wrote it.
type readManifest struct {
	Type     string `xml:"type,attr"`
	Duration string `xml:"mediaPresentationDuration,attr"`
	Buffer   string `xml:"minBufferTime,attr"`
	Sets     []struct {
		Kind string `xml:"contentType,attr"`
		Lang string `xml:"lang,attr"`
		Reps []struct {
			ID        string  `xml:"id,attr"`
			Bandwidth float64 `xml:"bandwidth,attr"`
			Codecs    string  `xml:"codecs,attr"`
			File      string  `xml:"BaseURL"`
			Template  struct {
				Timescale float64 `xml:"timescale,attr"`
				Offset    float64 `xml:"presentationTimeOffset,attr"`
				First     int     `xml:"startNumber,attr"`
				Init      string  `xml:"initialization,attr"`
				Media     string  `xml:"media,attr"`
				S         []struct {
					T *float64 `xml:"t,attr"`
					D float64  `xml:"d,attr"`
					R int      `xml:"r,attr"`
				} `xml:"SegmentTimeline>S"`
			} `xml:"SegmentTemplate"`
		} `xml:"Representation"`
	} `xml:"Period>AdaptationSet"`
}

// checkManifest holds the manifest of a presentation against its playlists: as
// many segments at the same URLs, of the same durations, which add up.
func checkManifest(t *testing.T, at string) {
	t.Helper()
	_, body, header := read(t, at+"/manifest.mpd")
	if header.Get("Content-Type") != "application/dash+xml" {
		t.Errorf("the manifest is %q", header.Get("Content-Type"))
	}
	var m readManifest
	if err := xml.Unmarshal(body, &m); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	_, master, _ := read(t, at+"/master.m3u8")
	longest := 0.0
	for _, s := range m.Sets {
		for _, r := range s.Reps {
			if s.Kind == "text" {
				checkTextFile(t, at, string(master), r.File)
				continue
			}
			folder := strings.TrimSuffix(r.Template.Init, "init.mp4")
			if r.Template.Media != folder+"$Number$.m4s" || r.Template.First != 0 || !strings.Contains(string(master), folder+"index.m3u8") {
				t.Errorf("%s: %s and %s from %d, in the playlist there is\n%s", r.ID, r.Template.Init, r.Template.Media, r.Template.First, master)
				continue
			}
			begins, ends, n := -r.Template.Offset, 0.0, 0
			for i, span := range r.Template.S {
				if i == 0 {
					begins += *span.T
					ends = begins
				} else if span.T != nil {
					t.Errorf("%s: a gap before span %d", r.ID, i)
				}
				if span.D <= 0 || span.R < 0 {
					t.Errorf("%s: %+v", r.ID, span)
				}
				ends += span.D * float64(span.R+1)
				n += span.R + 1
			}
			longest = max(longest, ends/r.Template.Timescale)
			_, playlist, _ := read(t, at+"/"+folder+"index.m3u8")
			seconds, count := sum(t, string(playlist))
			if n != count || math.Abs(ends/r.Template.Timescale-seconds) > 0.001+float64(n)/r.Template.Timescale {
				t.Errorf("%s: %d segments until %f s, the playlist has %d until %f s", r.ID, n, ends/r.Template.Timescale, count, seconds)
			}
			if r.Bandwidth <= 0 || r.Codecs == "" || begins > 0 && s.Kind == "" {
				t.Errorf("%s: %+v", r.ID, r)
			}
		}
	}
	if got := isoSeconds(t, m.Duration); math.Abs(got-longest) > 0.00001 || m.Type != "static" {
		t.Errorf("%s, %f s long, its timelines %f s", m.Type, got, longest)
	}
	if isoSeconds(t, m.Buffer) <= 0 {
		t.Errorf("minBufferTime is %s", m.Buffer)
	}
}

// checkTextFile holds the file of subtitles against the playlist of the same.
func checkTextFile(t *testing.T, at, master, file string) {
	t.Helper()
	folder, ok := strings.CutSuffix(file, "all.vtt")
	if !ok || !strings.Contains(master, folder+"index.m3u8") {
		t.Errorf("the subtitles %q of the manifest are not in the playlist\n%s", file, master)
	}
	status, body, header := read(t, at+"/"+file)
	if status != http.StatusOK || header.Get("Content-Type") != "text/vtt" || !strings.HasPrefix(string(body), "WEBVTT\n") || strings.Contains(string(body), "X-TIMESTAMP-MAP") {
		t.Errorf("%s: %d %v\n%s", file, status, header, body)
	}
}

var extinf = regexp.MustCompile(`#EXTINF:([0-9.]+),`)

func sum(t *testing.T, playlist string) (seconds float64, count int) {
	t.Helper()
	for _, m := range extinf.FindAllStringSubmatch(playlist, -1) {
		s, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		seconds += s
		count++
	}
	return seconds, count
}

func isoSeconds(t *testing.T, s string) (seconds float64) {
	t.Helper()
	if _, err := fmt.Sscanf(s, "PT%fS", &seconds); err != nil {
		t.Errorf("%q: %v", s, err)
	}
	return seconds
}

func read(t *testing.T, address string) (status int, body []byte, header http.Header) {
	t.Helper()
	resp, err := http.Get(address) //nolint:noctx // the server is this test's own
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body, resp.Header
}
