package hls

import (
	"net/http"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
)

func TestAPosterIsForWhoMayPlay(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	l.asset.Poster = "film/poster-1.jpg"
	l.files.put("film/poster-1.jpg", []byte("a picture"))
	l.meta.put(l.asset)
	h := by(ann, l)
	at := "/" + l.asset.PosterPath()
	a := ask(h, "GET", at)
	if b := content(t, a); a.StatusCode != http.StatusOK || string(b) != "a picture" || a.Header.Get("Content-Type") != "image/jpeg" ||
		a.Header.Get("Cache-Control") != "private, max-age=31536000, immutable" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s %v %q", a.Status, a.Header, b)
	}
	if again := ask(h, "GET", at, "If-None-Match", a.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("again: %s", again.Status)
	}
	if part := ask(h, "GET", at, "Range", "bytes=2-"); part.StatusCode != http.StatusPartialContent || string(content(t, part)) != "picture" {
		t.Errorf("a part: %s", part.Status)
	}
	if other := ask(by(auth.Principal{ID: "bob"}, l), "GET", at); other.StatusCode != http.StatusNotFound {
		t.Errorf("for another: %s", other.Status)
	}
	if nobody := ask(l, "GET", at); nobody.StatusCode != http.StatusUnauthorized {
		t.Errorf("for nobody: %s", nobody.Status)
	}
	for _, path := range []string{
		strings.Replace(at, ".jpg", ".png", 1), "/film/x/poster.jpg", "/none/x/poster.jpg", "/film/clip/0-1000/x/poster.jpg", "/film/" + l.asset.Revision + "/poster.jpg",
	} {
		if a := ask(h, "GET", path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	if a := ask(h, "GET", "/film/poster.jpg"); a.StatusCode != http.StatusNotFound {
		t.Errorf("without a revision: %s", a.Status)
	}
}

func TestAPosterIsThereBeforeAnythingPlays(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	l.asset.Poster, l.asset.Playable, l.asset.State, l.asset.Source = "film/poster-1.png", false, metadata.Processing, ""
	l.files.put("film/poster-1.png", []byte("a picture"))
	l.meta.put(l.asset)
	if a := ask(by(ann, l), "GET", "/"+l.asset.PosterPath()); a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "image/png" {
		t.Errorf("%s %v", a.Status, a.Header)
	}
}

// What another process has just set is found at once, and what it took away is not.
func TestAPosterThatHasJustChanged(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	l.meta.put(l.asset)
	h := by(ann, l)
	textOf(t, h, "/film/master.m3u8") // its row is believed for a second
	l.asset.Poster = "film/poster-1.jpg"
	l.files.put("film/poster-1.jpg", []byte("a picture"))
	l.meta.put(l.asset)
	first := "/" + l.asset.PosterPath()
	if a := ask(h, "GET", first); a.StatusCode != http.StatusOK {
		t.Errorf("one that came: %s", a.Status)
	}
	l.asset.Poster = ""
	delete(l.files.blobs, "film/poster-1.jpg")
	l.meta.put(l.asset)
	if a := ask(h, "GET", first); a.StatusCode != http.StatusNotFound {
		t.Errorf("one that went: %s", a.Status)
	}
	l.asset.Poster = "film/poster-2.jpg"
	l.meta.put(l.asset)
	if a := ask(h, "GET", "/"+l.asset.PosterPath()); a.StatusCode != http.StatusInternalServerError {
		t.Errorf("one whose file is lost: %s", a.Status)
	}
}

func TestAFolderHasNoPosters(t *testing.T) {
	h := Dir(t.TempDir())
	if a := ask(h, "GET", "/clip.mp4/x/poster.jpg"); a.StatusCode != http.StatusNotFound {
		t.Errorf("%s", a.Status)
	}
}
