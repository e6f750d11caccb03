package hls

import (
	"encoding/xml"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
)

var subtitleURI = regexp.MustCompile(`TYPE=SUBTITLES,.*NAME="([^"]*)",.*URI="([^"]*)"`)

// spokenIn are the names of the subtitles of a playlist, with where theirs are.
func spokenIn(t *testing.T, h http.Handler, at string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, m := range subtitleURI.FindAllStringSubmatch(textOf(t, h, at+"/master.m3u8"), -1) {
		found[m[1]] = at + "/" + m[2]
	}
	return found
}

// A composition is read as its parts are: by segments of their subtitles, and by
// nothing where a part has none that are alike.
func TestCompositionsCarrySubtitles(t *testing.T) {
	began := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	l := theatre(t, map[string]*Composition{"evening": {
		Parts: []Part{{Asset: "trailer", To: 5 * time.Second}, {Asset: "film", From: 7 * time.Second, Began: began}, {Asset: "film"}},
	}})
	h := by(ann, l)
	without := textOf(t, h, "/evening/master.m3u8")
	l.caption(shortCues, metadata.Caption{Language: "en", Label: "English", Default: true}, metadata.Caption{Language: "de", Label: "Deutsch", Forced: true})
	if textOf(t, h, "/evening/master.m3u8") == without {
		t.Fatal("the captions make no difference")
	}
	found := spokenIn(t, h, "/evening")
	if len(found) != 2 || !strings.Contains(textOf(t, h, "/evening/master.m3u8"), `SUBTITLES="subtitles"`) {
		t.Fatalf("the subtitles are %v", found)
	}
	own := spokenIn(t, h, "/film")
	for name, uri := range found {
		revision := strings.Split(own[name], "/")[2:4]
		folder := "/film/" + strings.Join(revision, "/")
		rest := strings.TrimSuffix(uri, "index.m3u8")
		want := []string{
			rest + "none.vtt",
			"#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM-DATE-TIME:2026-03-04T05:06:13.000Z", folder + "/1.vtt",
			"#EXT-X-DISCONTINUITY", folder + "/0.vtt", folder + "/1.vtt",
		}
		list := listedIn(t, h, uri)
		if d := cmp.Diff(want, list); d != "" {
			t.Error(d)
		}
		if a := ask(h, "GET", rest+"none.vtt"); a.StatusCode != http.StatusOK || string(content(t, a)) != "WEBVTT\n\n" || a.Header.Get("Content-Type") != "text/vtt" {
			t.Errorf("where nobody speaks: %s %v", a.Status, a.Header)
		}
		if text := textOf(t, h, folder+"/1.vtt"); !strings.Contains(text, "X-TIMESTAMP-MAP=") || !strings.Contains(text, "four") {
			t.Errorf("a segment of subtitles:\n%s", text)
		}
	}
	obeys(t, h, "/evening/master.m3u8")
	for _, uri := range []string{"/evening/x/t1/index.m3u8", "/evening/x/t1/none.vtt", "/film/x/t1/none.vtt", "/film/x/s1/none.vtt"} {
		if a := ask(h, "GET", uri); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", uri, a.Status)
		}
	}
	for _, file := range []string{"t3/index.m3u8", "t0/none.vtt", "t1/iframes.m3u8"} {
		uri := strings.Replace(found["English"], "t1/index.m3u8", file, 1)
		if a := ask(h, "GET", uri); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", uri, a.Status)
		}
	}
	manifestSpeaks(t, h)
}

// manifestSpeaks asks that a Period has the subtitles of its part, on its clock.
func manifestSpeaks(t *testing.T, h http.Handler) {
	t.Helper()
	var m mpd
	if err := xml.Unmarshal([]byte(textOf(t, h, "/evening/manifest.mpd")), &m); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range m.Period {
		for _, s := range p.Sets {
			if s.ContentType != "text" {
				continue
			}
			x := s.Representations[0].Template
			if x == nil || s.Representations[0].BaseURL != "" {
				t.Fatalf("%+v", s)
			}
			got = append(got, strings.Join([]string{p.ID, s.Lang, x.StartNumber, time.Duration(x.Offset * 1000).String()}, " "))
		}
	}
	if d := cmp.Diff([]string{"1 en 1 6s", "1 de 1 6s", "2 en 0 0s", "2 de 0 0s"}, got); d != "" {
		t.Error(d)
	}
}

func TestAClipCarriesSubtitles(t *testing.T) {
	l := theatre(t, nil)
	l.caption(shortCues, metadata.Caption{Language: "en"})
	h := by(ann, l)
	found := spokenIn(t, h, "/film/clip/7000-8000")
	own := strings.TrimSuffix(spokenIn(t, h, "/film")["en"], "index.m3u8")
	if d := cmp.Diff([]string{own + "1.vtt"}, listedIn(t, h, found["en"])); d != "" {
		t.Error(d)
	}
	obeys(t, h, "/film/clip/7000-8000/master.m3u8")
}
