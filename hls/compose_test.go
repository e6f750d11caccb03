package hls

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/hlsrules"
	"github.com/streamgate/streamgate/metadata"
)

// theatre is a library with two films, and what is composed of them.
func theatre(t *testing.T, compositions map[string]*Composition) *library {
	t.Helper()
	l := newLibrary(t, shortClip, &Options{Compose: func(_ context.Context, id string) (*Composition, error) { return compositions[id], nil }})
	l.addRendition(t, "small", smaller)
	other := l.asset
	other.ID, other.Source, other.Index, other.Revision, other.Renditions = "trailer", "film/small", "", "", nil
	l.meta.put(other)
	secret := other
	secret.ID, secret.Owner = "secret", "bob"
	l.meta.put(secret)
	return l
}

// obeys checks all that is below a path against the rules of the draft.
func obeys(t *testing.T, h http.Handler, master string, but ...string) {
	t.Helper()
	fetch := func(uri string) ([]byte, error) {
		a := ask(h, "GET", uri)
		if a.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("GET %s: %s", uri, a.Status)
		}
		return content(t, a), nil
	}
	for _, v := range hlsrules.Check(fetch, master) {
		// The rate of frames is measured as if there were no discontinuities.
		if !slices.Contains(append(but, "version-low", "frame-rate-true"), v.Rule) && !strings.HasPrefix(v.Rule, "codecs") {
			t.Error(v)
		}
	}
}

// textOf fetches a playlist, its revisions and what is asked for of it resolved.
func textOf(t *testing.T, h http.Handler, uri string) string {
	t.Helper()
	a := ask(h, "GET", uri)
	body := string(content(t, a))
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", uri, a.Status, body)
	}
	return body
}

// listedIn are the URIs of a media playlist, from the root.
func listedIn(t *testing.T, h http.Handler, uri string) (list []string) {
	t.Helper()
	for line := range strings.Lines(textOf(t, h, uri)) {
		line = strings.TrimSpace(line)
		if _, quoted, ok := strings.Cut(line, `URI="`); ok {
			line, _, _ = strings.Cut(quoted, `"`)
		} else if line == "" || line[0] == '#' {
			if strings.HasPrefix(line, "#EXT-X-DISC") || strings.HasPrefix(line, "#EXT-X-PROG") {
				list = append(list, line)
			}
			continue
		}
		list = append(list, path.Join(path.Dir(uri), line))
	}
	return list
}

func TestAClipIsTheSegmentsThatItLiesIn(t *testing.T) {
	l := theatre(t, nil)
	h := by(ann, l)
	rev := l.asset.Revision
	for _, c := range []struct {
		name, clip, start string
		segments          []int
	}{
		{"within the second segment", "7000-9500", "1.000000", []int{1}},
		{"at its very beginning", "6000-12000", "", []int{1}},
		{"over both", "5999-6001", "5.999000", []int{0, 1}},
		{"to the end and beyond", "1-99000", "0.001000", []int{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := "/film/clip/" + c.clip
			master := textOf(t, h, at+"/master.m3u8")
			want := ""
			if c.start != "" {
				want = "#EXT-X-START:TIME-OFFSET=" + c.start + ",PRECISE=YES\n"
			}
			if i := strings.Index(master, "#EXT-X-START"); i < 0 && want != "" || i >= 0 && master[i:] != want {
				t.Errorf("it begins otherwise, want %q:\n%s", want, master)
			}
			if n := strings.Count(master, "#EXT-X-STREAM-INF"); n != 2 {
				t.Errorf("%d variants, want 2:\n%s", n, master)
			}
			uris := []string{"/film/" + rev + "/v1/init.mp4"}
			for _, n := range c.segments {
				uris = append(uris, fmt.Sprintf("/film/%s/v1/%d.m4s", rev, n))
			}
			if d := cmp.Diff(uris, listedIn(t, h, base(t, h, at, "v1")+"index.m3u8")); d != "" {
				t.Error(d)
			}
			obeys(t, h, at+"/master.m3u8")
		})
	}
	for clip, status := range map[string]int{"20000-21000": 404, "5-5": 404, "07-9": 404, "1-": 404, "-1": 404, "1-2/": 404, "a-b": 404, "1.5-2": 404} {
		if a := ask(h, "GET", "/film/clip/"+clip+"/master.m3u8"); a.StatusCode != status {
			t.Errorf("%s: %s", clip, a.Status)
		}
	}
	if a := ask(h, "GET", "/secret/clip/0-1000/master.m3u8"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a clip of another's: %s", a.Status)
	}
}

func TestPartsPlayOneAfterAnother(t *testing.T) {
	began := time.Date(2026, 3, 4, 5, 6, 7, 8e6, time.FixedZone("east", 3600))
	l := theatre(t, map[string]*Composition{
		"evening": {
			Parts:   []Part{{Asset: "trailer", To: 5 * time.Second}, {Asset: "film", From: 7 * time.Second, Began: began}, {Asset: "trailer"}},
			Start:   2 * time.Second,
			Session: []SessionData{{ID: "com.example.title", Value: "An \"evening\"\n#EXT-X-ENDLIST", Language: "en"}},
		},
		"stolen": {Parts: []Part{{Asset: "film"}, {Asset: "secret"}}},
		"empty":  {},
	})
	h := by(ann, l)
	master := textOf(t, h, "/evening/master.m3u8")
	for _, want := range []string{"#EXT-X-START:TIME-OFFSET=2.000000,PRECISE=YES\n", `#EXT-X-SESSION-DATA:DATA-ID="com.example.title",VALUE="An evening#EXT-X-ENDLIST",LANGUAGE="en"` + "\n"} {
		if !strings.Contains(master, want) {
			t.Errorf("no %s in\n%s", want, master)
		}
	}
	trailer := strings.Split(base(t, h, "/trailer", "v1"), "/")[2]
	want := []string{
		"/trailer/" + trailer + "/v1/init.mp4", "/trailer/" + trailer + "/v1/0.m4s",
		"#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM-DATE-TIME:2026-03-04T04:06:13.008Z",
		"/film/" + l.asset.Revision + "/v1/init.mp4", "/film/" + l.asset.Revision + "/v1/1.m4s",
		"#EXT-X-DISCONTINUITY",
		"/trailer/" + trailer + "/v1/init.mp4", "/trailer/" + trailer + "/v1/0.m4s", "/trailer/" + trailer + "/v1/1.m4s",
	}
	if d := cmp.Diff(want, listedIn(t, h, base(t, h, "/evening", "v1")+"index.m3u8")); d != "" {
		t.Error(d)
	}
	obeys(t, h, "/evening/master.m3u8")
	for uri, status := range map[string]int{
		"/stolen/master.m3u8": 404, "/empty/master.m3u8": 500, "/evening/x/v1/index.m3u8": 404, "/evening/x/v1/0.m4s": 404, "/film/master.m3u8": 200,
	} {
		if a := ask(h, "GET", uri); a.StatusCode != status {
			t.Errorf("%s: %s", uri, a.Status)
		}
	}
	if a := ask(by(auth.Principal{ID: "bob"}, l), "GET", "/evening/master.m3u8"); a.StatusCode != http.StatusNotFound {
		t.Errorf("to somebody who may not play its parts: %s", a.Status)
	}
	periods(t, []byte(textOf(t, h, "/evening/manifest.mpd")))
}

// periods reads what the manifest of the evening says of its parts.
func periods(t *testing.T, manifest []byte) {
	t.Helper()
	var m mpd
	if err := xml.Unmarshal(manifest, &m); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range m.Period {
		r := p.Sets[0].Representations[0]
		got = append(got, fmt.Sprintf("%s %s from %d at %.3f s: %s", p.ID, p.Start, len(p.Sets), float64(r.Template.Offset)/float64(r.Template.Timescale), r.Template.StartNumber))
	}
	want := []string{"0 PT0.000000S from 3 at 0.000 s: 0", "1 PT5.000000S from 2 at 6.000 s: 1", "2 PT11.000000S from 3 at 0.000 s: 0"}
	if d := cmp.Diff(want, got); d != "" || m.Duration != "PT23.000000S" {
		t.Errorf("%s: %s", m.Duration, d)
	}
}

func TestAnAssetIsAnnotatedWithWhatElseItHas(t *testing.T) {
	c := &Composition{Parts: []Part{{Asset: "film"}}, Start: 3 * time.Second}
	l := theatre(t, map[string]*Composition{"film": c})
	l.asset.Captions = []metadata.Caption{{Language: "en", Key: "film/en"}}
	l.meta.put(l.asset)
	l.Forget("film")
	master := l.playlist(t)
	if !strings.Contains(master, "TYPE=SUBTITLES") || !strings.HasSuffix(master, "#EXT-X-START:TIME-OFFSET=3.000000,PRECISE=YES\n") {
		t.Errorf("%s", master)
	}
	if a := ask(by(ann, l), "GET", base(t, by(ann, l), "/film", "v1")+"0.m4s"); a.StatusCode != http.StatusOK {
		t.Errorf("a segment: %s", a.Status)
	}
}

func TestWhatComposeSaysIsAnswered(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{Compose: func(context.Context, string) (*Composition, error) { return nil, errors.Join(ErrNotReady) }})
	if a := ask(by(ann, l), "GET", "/film/master.m3u8"); a.StatusCode != http.StatusConflict {
		t.Errorf("%s", a.Status)
	}
}

func TestKeysOfPartsHoldForTheirSegmentsAlone(t *testing.T) {
	locked := "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"../../keys/1\"\n#EXTINF:6,\n0.m4s\n" +
		"#EXT-X-KEY:METHOD=AES-128,URI=\"https://keys.example/2\",IV=0x1\n#EXTINF:6,\n1.m4s\n#EXTINF:6,\n2.m4s\n#EXT-X-ENDLIST\n"
	open := "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:6,\n0.m4s\n#EXT-X-ENDLIST\n"
	track := func(text string, first, end int) laneTrack {
		p := &prepared{Track: videoTrack(), playlist: newDocument(playlistType, func() []byte { return []byte(text) })}
		return laneTrack{p, new(piece), first, end}
	}
	sample := "#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:6,\n0.m4s\n#EXT-X-ENDLIST\n"
	dst, held := track(sample, 0, 1).append(nil, "../c/", false)
	dst, held = track(locked, 0, 3).append(dst, "../a/", held)
	dst, held = track(open, 0, 1).append(dst, "../b/", held)
	want := "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"../c/k\"\n#EXT-X-MAP:URI=\"../c/init.mp4\"\n#EXTINF:6,\n../c/0.m4s\n" +
		"#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP:URI=\"../a/init.mp4\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"../a/../../keys/1\",IV=0x00000000000000000000000000000000\n#EXTINF:6,\n../a/0.m4s\n" +
		"#EXT-X-KEY:METHOD=AES-128,URI=\"https://keys.example/2\",IV=0x1\n#EXTINF:6,\n../a/1.m4s\n#EXTINF:6,\n../a/2.m4s\n" +
		"#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP:URI=\"../b/init.mp4\"\n#EXTINF:6,\n../b/0.m4s\n"
	if d := cmp.Diff(want, string(dst)); d != "" || held {
		t.Error(d, held)
	}
}

// Whoever may watch may ask for clips without end: they cost the others nothing.
func TestClipsPushNoAssetOutOfTheCache(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{Cache: NewCache(256 << 10)})
	h := by(ann, l)
	other := l.asset
	other.ID = "other"
	l.meta.put(other)
	textOf(t, h, "/other/master.m3u8")
	l.playlist(t)
	before := l.files.opened("film/index") // it is that of both
	for n := range 1000 {
		if a := ask(h, "GET", fmt.Sprintf("/film/clip/%d-11000/master.m3u8", n+1)); a.StatusCode != http.StatusOK {
			t.Fatal(a.Status)
		}
	}
	textOf(t, h, "/other/master.m3u8")
	if after := l.files.opened("film/index"); after != before {
		t.Errorf("the index was opened %d times, and then %d", before, after)
	}
}

// What is said of an asset is put beside its playlist once, not for each request.
func TestAnnotationsAreKept(t *testing.T) {
	compositions := map[string]*Composition{"film": {Parts: []Part{{Asset: "film"}}, Session: []SessionData{{ID: "com.example.title", Value: "one"}}}}
	l := theatre(t, compositions)
	h := by(ann, l)
	first := textOf(t, h, "/film/master.m3u8")
	if !strings.Contains(first, `VALUE="one"`) || textOf(t, h, "/film/master.m3u8") != first {
		t.Errorf("%s", first)
	}
	master := newEncoded([]byte("#EXTM3U\n"), "")
	if a, b := l.annotation(master, []byte("#A\n")), l.annotation(master, []byte("#A\n")); a != b {
		t.Error("it is made anew")
	}
	if a, b := l.annotation(master, []byte("#A\n")), l.annotation(master, []byte("#B\n")); a == b {
		t.Error("another annotation is the same")
	}
	compositions["film"].Session[0].Value = "two"
	if text := textOf(t, h, "/film/master.m3u8"); !strings.Contains(text, `VALUE="two"`) {
		t.Errorf("%s", text)
	}
}

// An asset that settles, or gets thumbnails, keeps the addresses of its clips.
func TestClipsKeepTheirAddressesWhereNoByteChanges(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	before := textOf(t, h, "/film/clip/1000-11000/master.m3u8")
	l.files.put("film/settled", l.files.blobs["film/source"])
	moved := l.asset
	moved.Source = "film/settled"
	moved.Settling = metadata.Settling{State: metadata.Settled, Original: "film/source"}
	moved.Thumbnails = &metadata.Thumbnails{Columns: 1, Rows: 1, Width: 16, Height: 9, Interval: 1, Count: 1, Prefix: "film/t-"}
	l.meta.put(moved)
	l.Forget("film")
	if after := textOf(t, h, "/film/clip/1000-11000/master.m3u8"); after != before {
		t.Errorf("-before +after:\n%s", cmp.Diff(before, after))
	}
}
