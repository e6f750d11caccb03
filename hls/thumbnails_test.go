package hls

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
)

// withThumbnails has twelve seconds in tiles of two seconds, four to an image.
func withThumbnails(t *testing.T) *library {
	t.Helper()
	l := newLibrary(t, shortClip, nil)
	l.asset.Thumbnails = &metadata.Thumbnails{Columns: 2, Rows: 2, Width: 160, Height: 90, Interval: 2, Count: 6, Largest: 4000, Prefix: "film/t-"}
	l.files.put("film/t-0.jpg", []byte("first image"))
	l.files.put("film/t-1.jpg", []byte("second image"))
	l.meta.put(l.asset)
	return l
}

func TestThumbnailsAreAPlaylistOfImages(t *testing.T) {
	l := withThumbnails(t)
	h := by(ann, l)
	master := l.playlist(t)
	before, line, ok := strings.Cut(master, "#EXT-X-IMAGE-STREAM-INF:")
	revision, _, _ := strings.Cut(line[max(strings.Index(line, `URI="`)+5, 0):], "/")
	if want := `BANDWIDTH=4000,CODECS="jpeg",RESOLUTION=160x90,URI="` + revision + `/p1/index.m3u8"` + "\n"; !ok || line != want {
		t.Fatalf("%q, want %q", line, want)
	}
	if without := string(multivariantPlaylist(l.index.Tracks, l.asset.Revision)); before != without {
		t.Errorf("the rest is another: %s", cmp.Diff(without, before))
	}
	at := "/film/" + revision + "/p1/"
	want := "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:8\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-IMAGES-ONLY\n" +
		"#EXTINF:8.000000,\n#EXT-X-TILES:RESOLUTION=160x90,LAYOUT=2x2,DURATION=2\n0.jpg\n" +
		"#EXTINF:4.000000,\n#EXT-X-TILES:RESOLUTION=160x90,LAYOUT=2x2,DURATION=2\n1.jpg\n#EXT-X-ENDLIST\n"
	if d := cmp.Diff(want, textOf(t, h, at+"index.m3u8")); d != "" {
		t.Error(d)
	}
	a := ask(h, "GET", at+"1.jpg", "Range", "bytes=7-")
	if b := content(t, a); a.StatusCode != http.StatusPartialContent || string(b) != "image" || a.Header.Get("Content-Type") != "image/jpeg" ||
		!strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%s %v %q", a.Status, a.Header, b)
	}
	if again := ask(h, "GET", at+"1.jpg", "If-None-Match", a.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("again: %s", again.Status)
	}
	for _, path := range []string{at + "2.jpg", at + "0.m4s", "/film/x/p1/0.jpg", "/film/" + revision + "/p2/0.jpg", "/film/" + revision + "/v1/0.jpg", "/film/" + l.asset.Revision + "/v1/0.jpg"} {
		if a := ask(h, "GET", path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	obeys(t, h, "/film/master.m3u8", "known-tag") // it is an extension
}

func TestThumbnailsAreASetOfTheManifest(t *testing.T) {
	l := withThumbnails(t)
	m := parsed(t, []byte(textOf(t, by(ann, l), "/film/manifest.mpd")))
	set := m.Period[0].Sets[len(m.Period[0].Sets)-1]
	r := set.Representations[0]
	got := []any{set.ID, set.ContentType, set.MimeType, r.ID, r.Width, r.Height, *r.Essential, r.Template.Timescale, r.Template.Timeline[0].Duration, r.Template.Timeline[1].Duration, strings.SplitN(r.Template.Media, "/", 2)[1]}
	want := []any{3, "image", "image/jpeg", "p1", 320, 180, descriptor{tileScheme, "2x2"}, uint32(1_000_000), uint64(8_000_000), uint64(4_000_000), "p1/$Number$.jpg"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
