package transcode_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

const subtitles = "1\n00:00:01,000 --> 00:00:02,000\nFirst\n\n2\n00:00:03,000 --> 00:00:04,000\nSecond\n"

func TestWhatIsShownBesideAFilmIsMade(t *testing.T) {
	h := newHouse(t, t.TempDir(), smallOptions())
	srt := filepath.Join(t.TempDir(), "text.srt")
	if err := os.WriteFile(srt, []byte(subtitles), 0o600); err != nil {
		t.Fatal(err)
	}
	path := makeFilm(t, "film.mkv", lasting(movingPicture+tone, "12")+"-i "+srt+" -i "+srt+
		" -map 0 -map 1 -map 2 -map 3 -c:v mpeg4 -q:v 5 -g 50 -c:a libvorbis -c:s srt -metadata:s:s:0 language=ger -metadata:s:s:0 title=Deutsch -metadata:s:s:1 language=ger")
	a := h.over(h.send(path, "").ID)
	if a.State != metadata.Ready || a.Thumbnails == nil || a.Thumbnails.Count != 3 {
		t.Fatalf("%+v, thumbnails %+v", a, a.Thumbnails)
	}
	if len(a.Captions) != 1 || a.Captions[0].Language != "ger" || a.Captions[0].Label != "Deutsch" {
		t.Errorf("captions: %+v", a.Captions)
	}
	if picture := h.get("/play/" + a.PosterPath()); !isPicture(picture, 228, 128) {
		t.Errorf("the poster %q is no picture as large as the film", a.Poster)
	}
	master := string(h.get("/play/" + a.ID + "/master.m3u8"))
	for _, want := range []string{"TYPE=SUBTITLES", "#EXT-X-IMAGE-STREAM-INF"} {
		if !strings.Contains(master, want) {
			t.Errorf("no %s:\n%s", want, master)
		}
	}
	s, err := h.coder.Status(t.Context(), h.transcodes(a.ID)[0].ID)
	if err != nil || len(s.LeftOut) != 1 || !strings.Contains(s.LeftOut[0], "subtitles of stream 3") {
		t.Errorf("what is left out: %q, %v", s.LeftOut, err)
	}
	h.until("all tasks end", h.idle)
	if keys := h.stored(); len(keys) != 5+2 {
		t.Errorf("%d files: %q", len(keys), keys)
	}
}

func TestSubtitlesOfAnAttemptThatFailedAreNotLeft(t *testing.T) {
	o, made := smallOptions(), 0
	o.store = func(s *disk.Store) storage.Store {
		return &guarded{Store: s, creating: func(key string) error {
			if !strings.Contains(key, "/captions/") {
				return nil
			}
			if made++; made == 2 {
				return errors.New("no room")
			}
			return nil
		}}
	}
	h := newHouse(t, t.TempDir(), o)
	srt := filepath.Join(t.TempDir(), "text.srt")
	if err := os.WriteFile(srt, []byte(subtitles), 0o600); err != nil {
		t.Fatal(err)
	}
	path := makeFilm(t, "film.mkv", lasting(tone, "12")+"-i "+srt+" -i "+srt+
		" -map 0 -map 1 -map 2 -c:a libvorbis -c:s srt -metadata:s:s:0 language=ger -metadata:s:s:1 language=eng")
	a := h.over(h.send(path, "").ID)
	h.until("all tasks end", h.idle)
	keys := h.stored()
	texts := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !strings.Contains(k, "/captions/") })
	if len(a.Captions) != 2 || len(texts) != 2 || made != 4 {
		t.Errorf("%d captions, of %d made: %q", len(a.Captions), made, keys)
	}
}

// A worker that is killed leaves thumbnails that no asset has heard of.
func TestThumbnailsOfAnAttemptThatWasKilledAreNotLeft(t *testing.T) {
	o, left := smallOptions(), 0
	o.store = func(s *disk.Store) storage.Store {
		return &guarded{Store: s, creating: func(key string) error {
			if !strings.Contains(key, "/thumbnails/") {
				return nil
			}
			if left++; left > 1 {
				return nil
			}
			d, err := s.Create(t.Context(), strings.TrimSuffix(key, "0.jpg")+"1.jpg")
			if err != nil {
				return err
			}
			return errors.Join(d.Commit(t.Context()), errors.New("the worker is killed"))
		}}
	}
	h := newHouse(t, t.TempDir(), o)
	a := h.over(h.send(makeFilm(t, "film.avi", lasting(movingPicture, "3")+"-c:v mpeg4 -q:v 5"), "").ID)
	h.until("all tasks end", h.idle)
	var images []string
	for _, key := range h.stored() {
		if strings.Contains(key, "/thumbnails/") {
			images = append(images, key)
		}
	}
	if a.Thumbnails == nil || !slices.Equal(images, a.Thumbnails.Keys()) || left < 2 {
		t.Errorf("there are %q, and the asset has %+v", images, a.Thumbnails)
	}
}
