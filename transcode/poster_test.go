package transcode_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// isPicture reports whether a file is a JPEG of that size with more than one color.
func isPicture(file []byte, width, height int) bool {
	m, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil || m.Bounds() != image.Rect(0, 0, width, height) {
		return false
	}
	first, _, _, _ := m.At(width/2, height/2).RGBA()
	for x := range width {
		if r, _, _, _ := m.At(x, height/2).RGBA(); r > first+1000 || first > r+1000 {
			return true
		}
	}
	return false
}

// posed has a poster made of an asset, and waits until all tasks have ended.
func (h *house) posed(id string) *metadata.Asset {
	h.t.Helper()
	for range 2 { // it may be asked for again
		if err := h.coder.Poster(h.t.Context(), id); err != nil {
			h.t.Fatal(err)
		}
	}
	h.until("all tasks end", h.idle)
	return h.asset(id)
}

func (h *house) poses() int {
	h.t.Helper()
	page, err := h.queue.List(h.t.Context(), jobs.Query{Kinds: []string{"transcode-poster"}})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(page.Jobs)
}

func TestWhatPlaysAsItCameHasAPoster(t *testing.T) {
	h := newHouse(t, t.TempDir(), smallOptions())
	for name, options := range map[string]string{
		"film.mp4":  lasting(movingPicture+tone, "12") + "-c:v libx264 -preset ultrafast -g 50 -c:a aac",
		"short.mp4": lasting(movingPicture, "1") + "-c:v libx264 -preset ultrafast",
		"film.mkv":  lasting(movingPicture+tone, "12") + "-c:v libx264 -preset ultrafast -g 999 -c:a aac",
	} {
		t.Run(name, func(t *testing.T) {
			sent := h.send(makeFilm(t, name, options), "")
			if sent.State != metadata.Ready || sent.Poster != "" {
				t.Fatalf("%+v", sent)
			}
			a := h.posed(sent.ID)
			if picture := h.get("/play/" + a.PosterPath()); !isPicture(picture, 228, 128) {
				t.Errorf("the poster %q is no picture as large as the film", a.Poster)
			}
			if a.Revision != sent.Revision || a.PosterSent() != 0 {
				t.Errorf("%+v", a)
			}
			again := h.posed(sent.ID)
			if again.Poster != a.Poster {
				t.Error("it was made twice")
			}
		})
	}
}

func TestNoPosterIsMade(t *testing.T) {
	film := lasting(movingPicture+tone, "2") + "-c:v libx264 -preset ultrafast -c:a aac"
	off := smallOptions()
	off.NoPosters = true
	away := smallOptions()
	away.programs = missing{}
	for _, c := range []struct {
		name, options string
		house         houseOptions
		tasks         int
	}{
		{"of sound", lasting(tone, "2") + "-c:a aac", smallOptions(), 0},
		{"where that is switched off", film, off, 0},
		{"without ffmpeg", film, away, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, t.TempDir(), c.house)
			a := h.posed(h.send(makeFilm(t, "film.mp4", c.options), "").ID)
			if a.Poster != "" || h.poses() != c.tasks {
				t.Errorf("the poster is %q, of %d tasks", a.Poster, h.poses())
			}
		})
	}
	h := newHouse(t, t.TempDir(), smallOptions())
	if err := h.coder.Poster(t.Context(), metadata.NewID()); err != nil || h.poses() != 0 {
		t.Errorf("of an asset that is not there: %v, %d tasks", err, h.poses())
	}
}

// A transcode makes the poster, and a task of its own would do the same again.
func TestAPosterIsMadeOnceOfWhatIsTranscoded(t *testing.T) {
	h := newHouse(t, t.TempDir(), smallOptions())
	id := h.send(longFilm(t), "").ID
	h.until("it plays", func() bool { return h.asset(id).Playable })
	if err := h.coder.Poster(t.Context(), id); err != nil || h.poses() != 0 {
		t.Errorf("while it is transcoded: %v, %d tasks", err, h.poses())
	}
	if a := h.over(id); a.Poster == "" {
		t.Error("there is no poster")
	}
}

// A transport stream is entered behind the only key frame of a short clip.
func TestAStreamWithOneKeyFrameHasAPoster(t *testing.T) {
	h := newHouse(t, t.TempDir(), smallOptions())
	id := h.send(makeFilm(t, "clip.ts", lasting(movingPicture, "8")+"-c:v libx264 -preset ultrafast -g 999"), "").ID
	a := h.over(id)
	if a.Poster == "" {
		t.Fatal("there is no poster")
	}
	if picture := h.get("/play/" + a.PosterPath()); !isPicture(picture, 228, 128) {
		t.Errorf("the poster %q is no picture as large as the film", a.Poster)
	}
}

func TestAPosterGoesWithItsFilmUnlessItWasSent(t *testing.T) {
	h := newHouse(t, t.TempDir(), smallOptions())
	first := makeFilm(t, "film.mp4", lasting(movingPicture, "2")+"-c:v libx264 -preset ultrafast")
	second := makeFilm(t, "film.mp4", lasting(movingPicture, "3")+"-c:v libx264 -preset ultrafast")
	made := h.posed(h.send(first, "").ID)
	if made.Poster == "" {
		t.Fatal("there is no poster")
	}
	if now := h.send(second, "?asset_id="+made.ID); now.Poster != "" {
		t.Errorf("of the film before: %q", now.Poster)
	}
	picture := h.get("/play/" + h.posed(made.ID).PosterPath())
	if err := metadata.SetPoster(t.Context(), h.files, h.meta, made.ID, metadata.Poster{Picture: picture}); err != nil {
		t.Fatal(err)
	}
	sent := h.asset(made.ID).Poster
	if now := h.send(first, "?asset_id="+made.ID); now.Poster != sent {
		t.Errorf("one that was sent became %q", now.Poster)
	}
	if keys := h.stored(); len(keys) != 2 {
		t.Errorf("%d files: %q", len(keys), keys)
	}
}

// missing are programs that are not installed.
type missing struct{ transcode.Programs }

func (missing) Tools(context.Context) (*ffmpeg.Tools, error) { return nil, ffmpeg.ErrMissing }

func (missing) Probe(context.Context, ffmpeg.Input) (*ffmpeg.Source, error) {
	return nil, ffmpeg.ErrMissing
}

// A disk that is full for a while costs a poster no attempt, and one that stays so ends it.
func TestAPosterWaitsForRoom(t *testing.T) {
	film := makeFilm(t, "film.mp4", lasting(movingPicture, "2")+"-c:v libx264 -preset ultrafast")
	for _, c := range []struct {
		name     string
		patience time.Duration
		frees    bool
		want     jobs.State
	}{
		{"that comes", time.Hour, true, jobs.Done},
		{"that does not come", time.Nanosecond, false, jobs.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &tank{}
			s.short.Store(true)
			o := smallOptions()
			o.Look, o.Patience, o.Attempts = time.Millisecond, c.patience, 2
			o.store = func(files *disk.Store) storage.Store {
				return &guarded{Store: files, creating: func(key string) error {
					if !strings.Contains(key, "/posters/") {
						return nil
					}
					return s.take(problem.Errorf(storage.ErrFull, "no room for %q", key))
				}}
			}
			h := newHouse(t, t.TempDir(), o)
			id := h.send(film, "").ID
			if err := h.coder.Poster(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if c.frees {
				h.until("more is tried than attempts there are", func() bool { return s.asked.Load() > 5 })
				s.short.Store(false)
			}
			h.until("all tasks end", h.idle)
			page, err := h.queue.List(t.Context(), jobs.Query{Kinds: []string{"transcode-poster"}})
			if err != nil || len(page.Jobs) != 1 || page.Jobs[0].State != c.want || s.asked.Load() < 2 {
				t.Errorf("after %d times: %+v, %v", s.asked.Load(), page.Jobs, err)
			}
			if a := h.asset(id); (a.Poster != "") != c.frees || a.State != metadata.Ready {
				t.Errorf("%+v", a)
			}
		})
	}
}

// A worker that is killed leaves a picture that no asset has heard of.
func TestAPosterOfAnAttemptThatWasKilledIsNotLeft(t *testing.T) {
	o, tries := smallOptions(), 0
	o.store = func(s *disk.Store) storage.Store {
		return &guarded{Store: s, creating: func(key string) error {
			if !strings.Contains(key, "poster") {
				return nil
			}
			if tries++; tries > 1 {
				return nil
			}
			d, err := s.Create(t.Context(), key)
			if err != nil {
				return err
			}
			return errors.Join(d.Commit(t.Context()), errors.New("the worker is killed"))
		}}
	}
	for name, options := range map[string]string{
		"film.mp4": lasting(movingPicture, "3") + "-c:v libx264 -preset ultrafast",
		"film.avi": lasting(movingPicture, "3") + "-c:v mpeg4 -q:v 5",
	} {
		t.Run(name, func(t *testing.T) {
			tries = 0
			h := newHouse(t, t.TempDir(), o)
			a := h.posed(h.over(h.send(makeFilm(t, name, options), "").ID).ID)
			for _, key := range h.stored() {
				if strings.Contains(key, "poster") {
					t.Errorf("%s is left", key)
				}
			}
			if a.Poster == "" || tries != 2 {
				t.Errorf("the poster is %q, after %d attempts", a.Poster, tries)
			}
		})
	}
}
