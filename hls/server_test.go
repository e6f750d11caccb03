package hls

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
)

func TestAssetsPlayToTheirLastByte(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	for i, track := range []string{"v1", "a2"} {
		at := base(t, h, "/film", track)
		playlist := parseMedia(t, content(t, ask(h, "GET", at+"index.m3u8")))
		if int(playlist.Count()) != len(l.index.Tracks[i].Segments) {
			t.Fatalf("%s has %d segments, want %d", track, playlist.Count(), len(l.index.Tracks[i].Segments))
		}
		init := ask(h, "GET", at+playlist.Map.URI)
		if !bytes.Equal(content(t, init), initSegment(l.index.Tracks[i])) {
			t.Errorf("%s: another init segment", track)
		}
		for n := range int(playlist.Count()) {
			got := ask(h, "GET", at+playlist.Segments[n].URI)
			want := segment(t, l.index, i, n, l.files.blobs["film/source"])
			if !bytes.Equal(content(t, got), want) || got.ContentLength != int64(len(want)) {
				t.Errorf("%s: segment %d differs", track, n)
			}
			if wantType := map[string]string{"v1": "video/mp4", "a2": "audio/mp4"}[track]; got.Header.Get("Content-Type") != wantType {
				t.Errorf("%s: type %q", track, got.Header.Get("Content-Type"))
			}
		}
	}
	if n := l.files.open.Load(); n != 0 {
		t.Errorf("%d blobs are still open", n)
	}
}

func TestTheAuthorizerDecides(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	for _, c := range []struct {
		who  auth.Principal
		path string
		want int
	}{
		{ann, "/film/master.m3u8", http.StatusOK},
		{auth.Principal{ID: "root", Admin: true}, "/film/master.m3u8", http.StatusOK},
		{auth.Principal{ID: "bob"}, "/film/master.m3u8", http.StatusNotFound},
		{auth.Principal{ID: "bob"}, "/nothing/master.m3u8", http.StatusNotFound},
		{ann, "/film/manifest.mpd", http.StatusOK},
		{auth.Principal{ID: "bob"}, "/film/manifest.mpd", http.StatusNotFound},
		{auth.Principal{}, "/film/manifest.mpd", http.StatusUnauthorized},
		{auth.Principal{}, "/film/master.m3u8", http.StatusUnauthorized},
		{auth.Principal{}, "/nothing/master.m3u8", http.StatusUnauthorized}, // or it would show what is there
		{auth.Principal{ID: "bob"}, "/film/" + l.asset.Revision + "/v1/0.m4s", http.StatusNotFound},
		{ann, "/film/" + l.asset.Revision + "/v1/0.m4s", http.StatusOK},
	} {
		if got := ask(by(c.who, l), "GET", c.path); got.StatusCode != c.want {
			t.Errorf("%q asks for %s: %s, want %d", c.who.ID, c.path, got.Status, c.want)
		}
	}
	public := newLibrary(t, shortClip, &Options{Authorizer: auth.PublicPlay(auth.OwnerOnly())})
	if got := ask(public, "GET", "/film/master.m3u8"); got.StatusCode != http.StatusOK {
		t.Errorf("nobody asks where everybody may: %s", got.Status)
	}
}

func TestAnotherOwnersAssetLooksLikeNone(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(auth.Principal{ID: "bob"}, l)
	theirs, none := ask(h, "GET", "/film/master.m3u8"), ask(h, "GET", "/none/master.m3u8")
	a := strings.ReplaceAll(string(content(t, theirs)), "film", "none")
	if d := cmp.Diff(string(content(t, none)), a); d != "" {
		t.Error(d)
	}
	theirs.Header.Del("Content-Length")
	none.Header.Del("Content-Length")
	if d := cmp.Diff(none.Header, theirs.Header); d != "" {
		t.Error(d)
	}
}

func TestAssetsThatDoNotPlaySayWhy(t *testing.T) {
	for name, c := range map[string]struct {
		asset  metadata.Asset
		status int
		retry  string
		detail string
	}{
		"uploading":     {metadata.Asset{State: metadata.Uploading}, 409, "2", "still being uploaded"},
		"processing":    {metadata.Asset{State: metadata.Processing}, 409, "2", "still being processed"},
		"waiting":       {metadata.Asset{State: metadata.Processing, Waiting: "transcoder", Reason: "VP8 needs transcoding"}, 409, "2", "VP8 needs transcoding"},
		"failed":        {metadata.Asset{State: metadata.Failed, Error: "it is truncated"}, 409, "", "it is truncated"},
		"without bytes": {metadata.Asset{State: metadata.Ready, Playable: true}, 409, "2", "processed"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLibrary(t, shortClip, nil)
			c.asset.ID, c.asset.Owner = "other", "ann"
			l.meta.put(c.asset)
			got := ask(by(ann, l), "GET", "/other/master.m3u8")
			text := string(content(t, got))
			if got.StatusCode != c.status || got.Header.Get("Retry-After") != c.retry || !strings.Contains(text, c.detail) {
				t.Errorf("%s, Retry-After %q: %s", got.Status, got.Header.Get("Retry-After"), text)
			}
			if got.Header.Get("Content-Type") != "application/problem+json" || got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", got.Header)
			}
		})
	}
}

func TestPathsThatLeadNowhereAre404(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	at := "/film/" + l.asset.Revision
	for _, path := range []string{
		"/", "/film", "/film/", "/film/index.m3u8", at, at + "/", at + "/v1", at + "/v1/", at + "/v1/x",
		at + "/v2/index.m3u8", at + "/a1/index.m3u8", at + "/v1/2.m4s", at + "/v1/999999.m4s", at + "/master.m3u8",
		"/film/older/v1/index.m3u8", "/film/older/v1/init.mp4", "/film/older/v1/0.m4s",
	} {
		got := ask(h, "GET", path)
		if got.StatusCode != http.StatusNotFound || got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s, %s", path, got.Status, got.Header.Get("Content-Type"))
		}
		for _, name := range []string{"Etag", "Accept-Ranges", "Content-Range"} {
			if got.Header.Get(name) != "" {
				t.Errorf("%s: %s: %s", path, name, got.Header.Get(name))
			}
		}
	}
}

func TestAHundredFirstViewersCauseOneLoading(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	var viewers sync.WaitGroup
	for range 100 {
		viewers.Go(func() {
			if got := ask(h, "GET", "/film/master.m3u8"); got.StatusCode != http.StatusOK {
				t.Errorf("%s", got.Status)
			}
		})
	}
	viewers.Wait()
	if n := l.files.opened("film/index"); n != 1 {
		t.Errorf("the index was read %d times", n)
	}
	if l.meta.reads != 1 {
		t.Errorf("the row was read %d times", l.meta.reads)
	}
}

func TestStoredIndexesThatCannotBeReadAreMadeAgain(t *testing.T) {
	for name, spoil := range map[string]func(*library){
		"missing":         func(l *library) { delete(l.files.blobs, "film/index") },
		"never made":      func(l *library) { l.asset.Index = ""; l.meta.put(l.asset) },
		"empty":           func(l *library) { l.files.put("film/index", nil) },
		"of another kind": func(l *library) { l.files.put("film/index", bytes.Repeat([]byte("x"), 5000)) },
		"truncated":       func(l *library) { b := l.files.blobs["film/index"]; l.files.put("film/index", b[:len(b)-50]) },
		"damaged head": func(l *library) {
			b := bytes.Clone(l.files.blobs["film/index"])
			b[40] ^= 1
			l.files.put("film/index", b)
		},
		"damaged block": func(l *library) {
			b := bytes.Clone(l.files.blobs["film/index"])
			b[len(b)-20] ^= 1
			l.files.put("film/index", b)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLibrary(t, shortClip, nil)
			spoil(l)
			h := by(ann, l)
			for i, track := range []string{"v1", "a2"} {
				at := base(t, h, "/film", track)
				for n := range l.index.Tracks[i].Segments {
					got := ask(h, "GET", at+segmentName(n))
					if !bytes.Equal(content(t, got), segment(t, l.index, i, n, l.files.blobs["film/source"])) {
						t.Errorf("%s: segment %d: %s", track, n, got.Status)
					}
				}
			}
			if n := l.files.open.Load(); n != 0 {
				t.Errorf("%d blobs are still open", n)
			}
			before := l.files.opened("film/index")
			ask(h, "GET", base(t, h, "/film", "v1")+"0.m4s")
			if name != "damaged block" && l.files.opened("film/index") != before {
				t.Errorf("the damaged index is read again and again")
			}
		})
	}
}

func TestANewRevisionIsSeenWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLibrary(t, shortClip, nil)
		h := by(ann, l)
		old := base(t, h, "/film", "v1")
		l.asset.Revision = "newer"
		l.meta.put(l.asset)
		time.Sleep(time.Second)
		if got := ask(h, "GET", old+"0.m4s"); got.StatusCode != http.StatusNotFound {
			t.Errorf("the old revision: %s", got.Status)
		}
		if now := base(t, h, "/film", "v1"); now != "/film/newer/v1/" {
			t.Errorf("playback is at %s", now)
		}
		reads := l.meta.reads
		for range 10 {
			ask(h, "GET", "/film/newer/v1/index.m3u8")
		}
		if l.meta.reads != reads {
			t.Errorf("the row is read for each request")
		}
	})
}

func TestAChangeInThisProcessIsSeenAtOnce(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	old := base(t, h, "/film", "v1")
	l.asset.Revision = "newer"
	l.meta.put(l.asset)
	l.Forget("film")
	l.Forget("another")
	if now := base(t, h, "/film", "v1"); now != "/film/newer/v1/" {
		t.Errorf("playback is at %s", now)
	}
	if got := ask(h, "GET", old+"0.m4s"); got.StatusCode != http.StatusNotFound {
		t.Errorf("the old revision: %s", got.Status)
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "PROPFIND"} {
		got := ask(by(ann, l), method, "/film/master.m3u8")
		if got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != allowedMethods {
			t.Errorf("%s: %s, Allow: %s", method, got.Status, got.Header.Get("Allow"))
		}
	}
}

func TestPlayersOnOtherOrigins(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	for _, path := range []string{"/film/master.m3u8", "/none/master.m3u8", "/"} {
		got := ask(by(ann, l), "GET", path, "Origin", "https://player.example")
		if got.Header.Get("Access-Control-Allow-Origin") != "*" || got.Header.Get("Timing-Allow-Origin") != "*" ||
			!strings.Contains(got.Header.Get("Access-Control-Expose-Headers"), "Content-Range") {
			t.Errorf("%s: %v", path, got.Header)
		}
	}
	if got := ask(by(ann, l), "GET", "/film/master.m3u8"); got.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("what a cache keeps of an answer to the same origin would not do for another")
	}
	preflight := ask(l, "OPTIONS", "/film/"+l.asset.Revision+"/v1/0.m4s", "Origin", "https://player.example",
		"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "range")
	if preflight.StatusCode != http.StatusNoContent || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Headers"), "Range") ||
		preflight.Header.Get("Access-Control-Allow-Methods") != allowedMethods || preflight.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("preflight: %s %v", preflight.Status, preflight.Header)
	}
	if !cmp.Equal(preflight.Header, ask(l, "OPTIONS", "/none/master.m3u8", "Origin", "https://player.example", "Access-Control-Request-Method", "GET").Header) {
		t.Error("a preflight shows what is there")
	}
	own := newLibrary(t, shortClip, &Options{NoCORS: true})
	for _, method := range []string{"GET", "OPTIONS"} {
		got := ask(by(ann, own), method, "/film/master.m3u8", "Origin", "https://player.example", "Access-Control-Request-Method", "GET")
		for name := range got.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s with NoCORS: %s", method, name)
			}
		}
	}
}

func TestCacheHeaders(t *testing.T) {
	for who, o := range map[string]*Options{"private": nil, "public": {Public: true}} {
		h := by(ann, newLibrary(t, shortClip, o))
		at := base(t, h, "/film", "v1")
		for path, want := range map[string]string{
			"/film/master.m3u8":  who + ", no-cache",
			"/film/manifest.mpd": who + ", no-cache",
			at + "index.m3u8":    who + ", max-age=31536000, immutable",
			at + "init.mp4":      who + ", max-age=31536000, immutable",
			at + "1.m4s":         who + ", max-age=31536000, immutable",
		} {
			got := ask(h, "GET", path)
			if got.Header.Get("Cache-Control") != want || got.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: %v", path, got.Header)
			}
			etag := got.Header.Get("ETag")
			if len(etag) < 3 || etag[0] != '"' {
				t.Errorf("%s: ETag %s", path, etag)
			}
			again := ask(h, "GET", path, "If-None-Match", `"x", `+etag)
			if again.StatusCode != http.StatusNotModified || len(content(t, again)) > 0 || again.Header.Get("ETag") != etag ||
				again.Header.Get("Cache-Control") != want || again.Header.Get("Content-Length") != "" {
				t.Errorf("%s again: %s %v", path, again.Status, again.Header)
			}
			if other := ask(h, "GET", path, "If-None-Match", `"x"`); other.StatusCode != http.StatusOK {
				t.Errorf("%s with another ETag: %s", path, other.Status)
			}
		}
	}
}

func TestHEADIsGETWithoutTheBody(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	at := base(t, h, "/film", "v1")
	for _, path := range []string{"/film/master.m3u8", "/film/manifest.mpd", at + "index.m3u8", at + "init.mp4", at + "0.m4s"} {
		got := ask(h, "GET", path)
		opened := l.files.opened("film/source") + l.files.opened("film/index")
		head := ask(h, "HEAD", path, "Range", "bytes=0-1")
		if l.files.opened("film/source")+l.files.opened("film/index") != opened {
			t.Errorf("HEAD %s reads", path)
		}
		if head.StatusCode != http.StatusOK || len(content(t, head)) != 0 {
			t.Errorf("HEAD %s: %s", path, head.Status)
		}
		if d := cmp.Diff(got.Header, head.Header); d != "" {
			t.Errorf("HEAD %s: %s", path, d)
		}
		if n := fmt.Sprint(len(content(t, got))); head.Header.Get("Content-Length") != n {
			t.Errorf("HEAD %s: %s bytes, want %s", path, head.Header.Get("Content-Length"), n)
		}
	}
}

func TestPlaylistsAreCompressedForWhoTakesThat(t *testing.T) {
	h := by(ann, newLibrary(t, clip{frames: 120 * clipRate, frameSize: 100, gop: clipRate, audio: 1}, nil))
	at := base(t, h, "/film", "v1")
	plain := ask(h, "GET", at+"index.m3u8")
	packed := ask(h, "GET", at+"index.m3u8", "Accept-Encoding", "gzip, deflate, br")
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.ContentLength >= plain.ContentLength ||
		packed.Header.Get("ETag") == plain.Header.Get("ETag") {
		t.Fatalf("compressed: %v", packed.Header)
	}
	for _, r := range []*http.Response{plain, packed} {
		if r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Vary: %q", r.Header.Get("Vary"))
		}
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(text, content(t, plain)) {
		t.Errorf("another playlist: %v", err)
	}
	etag := packed.Header.Get("ETag")
	again := ask(h, "GET", at+"index.m3u8", "Accept-Encoding", "gzip", "If-None-Match", etag)
	if again.StatusCode != http.StatusNotModified || again.Header.Get("Content-Encoding") != "" {
		t.Errorf("again: %s %v", again.Status, again.Header)
	}
	if got := ask(h, "GET", at+"0.m4s", "Accept-Encoding", "gzip"); got.Header.Get("Content-Encoding") != "" {
		t.Error("a segment is compressed")
	}
}

func TestRangesOfSegmentsAndInitSegments(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	at := base(t, h, "/film", "v1")
	for _, path := range []string{at + "0.m4s", at + "init.mp4"} {
		all := ask(h, "GET", path)
		whole, etag := content(t, all), all.Header.Get("ETag")
		if all.Header.Get("Accept-Ranges") != "bytes" {
			t.Errorf("%s: %v", path, all.Header)
		}
		size := len(whole)
		for _, c := range []struct{ start, end int }{{0, 0}, {0, size - 1}, {1, 500}, {300, 600}, {size / 2, size - 1}, {size - 1, size - 1}} {
			got := ask(h, "GET", path, "Range", fmt.Sprintf("bytes=%d-%d", c.start, c.end), "If-Range", etag)
			if got.StatusCode != http.StatusPartialContent || !bytes.Equal(content(t, got), whole[c.start:c.end+1]) {
				t.Errorf("%s from %d to %d: %s", path, c.start, c.end, got.Status)
			}
			if want := fmt.Sprintf("bytes %d-%d/%d", c.start, c.end, size); got.Header.Get("Content-Range") != want || got.ContentLength != int64(c.end+1-c.start) {
				t.Errorf("%s: %v, want %s", path, got.Header, want)
			}
		}
		for _, condition := range []string{`"other"`, "W/" + etag, "Mon, 02 Jan 2006 15:04:05 GMT"} {
			got := ask(h, "GET", path, "Range", "bytes=0-0", "If-Range", condition)
			if got.StatusCode != http.StatusOK || len(content(t, got)) != size {
				t.Errorf("%s if it were %s: %s", path, condition, got.Status)
			}
		}
	}
}

// Attack 25: ranges cannot ask for more than there is.
func TestAttackRanges(t *testing.T) {
	h := by(ann, newLibrary(t, shortClip, nil))
	at := base(t, h, "/film", "v1")
	for _, path := range []string{at + "0.m4s", at + "init.mp4"} {
		size := len(content(t, ask(h, "GET", path)))
		many := ask(h, "GET", path, "Range", "bytes=0-"+strings.Repeat(",0-", 999))
		if n := len(content(t, many)); many.StatusCode != http.StatusOK || n != size {
			t.Errorf("a thousand ranges of %s: %s, %d bytes", path, many.Status, n)
		}
		for _, beyond := range []string{fmt.Sprintf("bytes=%d-", size), "bytes=99999999999999999999-", "bytes=-0"} {
			got := ask(h, "GET", path, "Range", beyond)
			if got.StatusCode != http.StatusRequestedRangeNotSatisfiable || got.Header.Get("Content-Range") != fmt.Sprintf("bytes */%d", size) {
				t.Errorf("%s of %s: %s, %v", beyond, path, got.Status, got.Header)
			}
		}
	}
}

func TestConstructorsRefuseWhatCannotWork(t *testing.T) {
	if _, err := New(nil, new(memoryMeta), nil); err == nil {
		t.Error("no storage")
	}
	if _, err := New(new(memoryStore), nil, nil); err == nil {
		t.Error("no metadata")
	}
}

func TestStoresThatFailAreNot404(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	l.files.fail = func(string, int64) error { return errors.New("a bad sector") }
	got := ask(by(ann, l), "GET", "/film/master.m3u8")
	if text := string(content(t, got)); got.StatusCode != http.StatusInternalServerError || strings.Contains(text, "sector") {
		t.Errorf("%s: %s", got.Status, text)
	}
}

func TestAnAssetWhoseBytesAreGoneIsNoWrongAddress(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	delete(l.files.blobs, "film/source")
	for _, path := range []string{"/film/" + l.asset.Revision + "/v1/0.m4s"} {
		got := ask(by(ann, l), "GET", path)
		if text := string(content(t, got)); got.StatusCode != http.StatusInternalServerError || !strings.Contains(text, "media-missing") || strings.Contains(text, "film/source") {
			t.Errorf("%s: %s: %s", path, got.Status, text)
		}
	}
}
