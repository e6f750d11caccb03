package transcode_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// slow are programs that write sound in two steps: 24 seconds of 62, up to the middle
// of a fragment, and after a word the rest.
type slow struct {
	transcode.Programs

	dir   string
	goOn  chan error   // what becomes of the sound after its first step
	steps atomic.Int32 // commands that have done the first
}

func (p *slow) Run(ctx context.Context, c *ffmpeg.Command) (*ffmpeg.Result, error) {
	name := c.Outputs[0].Name
	if !strings.HasPrefix(name, "sound-1") {
		return p.Programs.Run(ctx, c)
	}
	begun := c.Begun
	c.Begun = nil
	res, err := p.Programs.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(p.dir, "")
	if err != nil {
		return nil, err
	}
	whole, err := os.ReadFile(filepath.Join(res.Dir, name))
	if err != nil {
		return nil, err
	}
	cut := len(whole) * 24 / 62
	if err := os.WriteFile(filepath.Join(dir, name), whole[:cut], 0o600); err != nil {
		return nil, err
	}
	begun(dir)
	p.steps.Add(1)
	select {
	case err = <-p.goOn:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, res.Close())
	}
	return res, os.WriteFile(filepath.Join(dir, name), whole, 0o600) // the same file, longer
}

func newSlow(t *testing.T) *slow {
	return &slow{Programs: newHeld(t).Programs, dir: t.TempDir(), goOn: make(chan error)}
}

// packets are those of the sound of the file that an asset plays: when they are heard,
// and what they are.
func (h *house) packets(a *metadata.Asset) string {
	h.t.Helper()
	blob, err := h.files.Open(h.t.Context(), a.Source)
	if err != nil {
		h.t.Fatal(err)
	}
	defer blob.Close()
	path := filepath.Join(h.t.TempDir(), "plays.mp4")
	f, err := os.Create(path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, io.NewSectionReader(blob, 0, blob.Info().Size)); err != nil {
		h.t.Fatal(err)
	}
	return call(h.t, "", "ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-c", "copy", "-copyts", "-f", "framemd5", "-")
}

// TestAFilmPlaysBeforeItsSoundIsWhole has the first chunk play, and no more, when the
// sound of two thirds of the second is there; and in the end all sound, without a seam.
func TestAFilmPlaysBeforeItsSoundIsWhole(t *testing.T) {
	crash := &ffmpeg.RunError{Program: "ffmpeg", Class: ffmpeg.Crashed, Reason: "it crashed"}
	cases := []struct {
		name string
		then []error // what becomes of the sound, by attempts
	}{
		{"sound that goes on", []error{nil}},
		{"sound that is made again, because its encoder crashed", []error{crash, nil}},
	}
	path := longFilm(t)
	plain := newHouse(t, t.TempDir(), smallOptions())
	want := plain.packets(plain.over(plain.send(path, "").ID))
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newSlow(t)
			o := smallOptions()
			o.programs = p
			h := newHouse(t, t.TempDir(), o)
			id := h.send(path, "").ID
			h.until("it plays", func() bool { return h.asset(id).Playable })
			h.until("all pictures are encoded", func() bool {
				s, err := h.coder.Status(t.Context(), h.transcodes(id)[0].ID)
				return err == nil && len(s.Rungs) == 2 && s.Rungs[0].Percent == 100 && s.Rungs[1].Percent == 100
			})
			for _, uri := range h.playlists(id) {
				if text := string(h.get(uri)); strings.Count(text, "#EXTINF") != 1 || strings.Contains(text, "#EXT-X-ENDLIST") {
					t.Errorf("%s, whose second segment may go on:\n%s", uri, text)
				}
			}
			for i, err := range c.then {
				h.until("an attempt", func() bool { return int(p.steps.Load()) == i+1 })
				p.goOn <- err
			}
			a := h.over(id)
			if a.State != metadata.Ready || len(a.Renditions) != 2 {
				t.Fatalf("%+v", a)
			}
			if diff := cmp.Diff(want, h.packets(a)); diff != "" {
				t.Errorf("the sound of a film whose sound was there at once, and this (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSoundThatBreaksOff fails a stream of sound that plays already, beside another: it
// has what was made of it.
func TestSoundThatBreaksOff(t *testing.T) {
	p := newSlow(t)
	o := smallOptions()
	o.programs = p
	h := newHouse(t, t.TempDir(), o)
	path := makeFilm(t, "film.avi", lasting(movingPicture+tone, "62")+" -map 0 -map 1 -map 1 -c:v mpeg4 -q:v 9 -g 50 -c:a mp3")
	id := h.send(path, "").ID
	h.until("it plays", func() bool { return h.asset(id).Playable })
	p.goOn <- &ffmpeg.RunError{Program: "ffmpeg", Class: ffmpeg.BrokenInput, Reason: "it is broken"}
	a := h.over(id)
	s, err := h.coder.Status(t.Context(), h.transcodes(id)[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if a.State != metadata.Ready || len(s.LeftOut) != 1 || !strings.HasPrefix(s.LeftOut[0], "the sound of stream 1 after 2") || !strings.HasSuffix(s.LeftOut[0], "it is broken") {
		t.Errorf("%+v, %q", a, s.LeftOut)
	}
	segments := map[int]int{} // playlists by their numbers of segments
	for _, uri := range h.playlists(id) {
		text := string(h.get(uri))
		segments[strings.Count(text, "#EXTINF")]++
		if !strings.Contains(text, "#EXT-X-ENDLIST") {
			t.Errorf("%s does not end:\n%s", uri, text)
		}
	}
	t.Logf("playlists by their numbers of segments: %v", segments)
	if segments[10] < 3 { // two rungs and the other sound
		t.Errorf("playlists by their numbers of segments: %v", segments)
	}
}

// TestSoundThatIsLeftOutInTheLastMoment fails a stream of sound, beside another, while
// the first chunk is about to be joined with both.
func TestSoundThatIsLeftOutInTheLastMoment(t *testing.T) {
	p := newSlow(t)
	o := smallOptions()
	o.programs = p
	var h *house
	var once sync.Once
	o.store = func(s *disk.Store) storage.Store {
		return &guarded{Store: s, creating: func(key string) error {
			id := strings.Split(strings.TrimPrefix(key, "assets/"), "/") // asset, transcode, source
			if len(id) != 3 || id[2] != "source" || p.steps.Load() == 0 {
				return nil
			}
			once.Do(func() {
				p.goOn <- &ffmpeg.RunError{Program: "ffmpeg", Class: ffmpeg.BrokenInput, Reason: "it is broken"}
				h.until("it is left out", func() bool {
					return strings.Contains(h.transcodes(id[0])[0].Metadata["record"], `"sounds":[2]`)
				})
			})
			return nil
		}}
	}
	h = newHouse(t, t.TempDir(), o)
	path := makeFilm(t, "film.avi", lasting(movingPicture+tone, "62")+" -map 0 -map 1 -map 1 -c:v mpeg4 -q:v 9 -g 50 -c:a mp3")
	a := h.over(h.send(path, "").ID)
	sound := 0
	for _, tr := range a.Tracks {
		if tr.Kind == "audio" {
			sound++
		}
	}
	s, err := h.coder.Status(t.Context(), h.transcodes(a.ID)[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if a.State != metadata.Ready || sound != 1 || len(s.LeftOut) != 1 || s.LeftOut[0] != "the sound of stream 1: it is broken" {
		t.Errorf("%d streams of sound, left out %q, %+v", sound, s.LeftOut, a)
	}
}
