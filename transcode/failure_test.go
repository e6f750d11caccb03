package transcode_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// failing are programs that fail for the outputs of some name.
type failing struct {
	transcode.Programs

	output string // part of the name
	class  ffmpeg.Class
	times  int // that it fails; negative for always
}

func (p *failing) Run(ctx context.Context, c *ffmpeg.Command) (*ffmpeg.Result, error) {
	at := slices.IndexFunc(c.Outputs, func(o ffmpeg.Output) bool { return strings.HasPrefix(o.Name, p.output) })
	if at < 0 || p.times == 0 {
		return p.Programs.Run(ctx, c)
	}
	p.times--
	return nil, &ffmpeg.RunError{Program: "ffmpeg", Class: p.class, Reason: "it does not like " + p.output}
}

func TestWhatFailsIsSaid(t *testing.T) {
	two := " -map 0 -map 1 -map 1 -c:v mpeg4 -q:v 9 -g 50 -c:a mp3"
	cases := []struct {
		name  string
		fails failing
		state metadata.State
		says  string // the asset, the transcode, or its rung
		rungs int    // that play
		sound int    // streams of it
	}{
		{"one rung fails, the others play", failing{output: "128p", class: ffmpeg.Unsupported, times: -1}, metadata.Ready, "it does not like 128p", 1, 2},
		{"the rung that is to play fails", failing{output: "64p", class: ffmpeg.Unsupported, times: -1}, metadata.Failed, "it does not like 64p", 0, 0},
		{"a stream of sound fails, the other is heard", failing{output: "sound-2", class: ffmpeg.BrokenInput, times: -1}, metadata.Ready, "it does not like sound-2", 2, 1},
		{"a crash, and then none", failing{output: "64p", class: ffmpeg.Crashed, times: 1}, metadata.Ready, "", 2, 2},
		{"no thumbnails", failing{output: "thumbnails", class: ffmpeg.BrokenInput, times: -1}, metadata.Ready, "it does not like thumbnails", 2, 2},
	}
	path := makeFilm(t, "film.avi", lasting(movingPicture+tone, "26")+two)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.fails.Programs = newHeld(t).Programs
			o := smallOptions()
			o.programs = &c.fails
			h := newHouse(t, t.TempDir(), o)
			a := h.over(h.send(path, "").ID)
			s, err := h.coder.Status(t.Context(), h.transcodes(a.ID)[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			said := a.Error + s.Error + strings.Join(s.LeftOut, "\n")
			for _, r := range s.Rungs {
				said += r.Error
			}
			if a.State != c.state || !strings.Contains(said, c.says) || c.says == "" && said != "" {
				t.Errorf("it is %s, and says %q", a.State, said)
			}
			sound := 0
			for _, track := range a.Tracks {
				if track.Kind == "audio" {
					sound++
				}
			}
			if len(a.Renditions) != c.rungs || sound != c.sound {
				t.Errorf("%d rungs and %d streams of sound play, want %d and %d", len(a.Renditions), sound, c.rungs, c.sound)
			}
			h.until("all tasks end", h.idle)
			for _, key := range h.stored() {
				if strings.Contains(key, "/parts/") {
					t.Errorf("%s is left", key)
				}
			}
		})
	}
}

// TestATranscodeThatNoTaskSeesToEnds takes the task of a transcode away, as an operator
// can. What is to say that it was cancelled has not come to it.
func TestATranscodeThatNoTaskSeesToEnds(t *testing.T) {
	h := idleHouse(t)
	id := h.send(foreignFilm(t), "").ID
	look := func() *metadata.Asset {
		t.Helper()
		if err := h.coder.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		return h.asset(id)
	}
	if a := look(); a.State != metadata.Processing {
		t.Fatalf("its task waits, and it is %s", a.State)
	}
	page, err := h.queue.List(t.Context(), jobs.Query{})
	if err != nil || len(page.Jobs) != 1 {
		t.Fatalf("%d jobs: %v", len(page.Jobs), err)
	}
	if _, err := h.queue.Cancel(t.Context(), page.Jobs[0].ID); err != nil {
		t.Fatal(err)
	}
	if a := look(); a.State != metadata.Failed || a.Error == "" || a.Waiting != "" {
		t.Errorf("%+v", a)
	}
	if s, err := h.coder.Status(t.Context(), h.transcodes(id)[0].ID); err != nil || s.State != transcode.Canceled {
		t.Errorf("%+v: %v", s, err)
	}
	if all, err := h.meta.Events().After(t.Context(), "ann", 0, 100); err != nil || !slices.ContainsFunc(all, func(e events.Event) bool { return e.Type == events.TranscodeCanceled }) {
		t.Errorf("nobody was told that it was cancelled: %v", err)
	}
	if _, err := h.coder.Submit(t.Context(), id, ""); err != nil {
		t.Errorf("and it cannot be tried again: %v", err)
	}
	if a := look(); a.State != metadata.Processing {
		t.Errorf("the task before is taken for one of the second try: %+v", a)
	}
}

// TestALadderThatEndsEarlySaysSo cancels a ladder beside what plays.
func TestALadderThatEndsEarlySaysSo(t *testing.T) {
	h := idleHouse(t)
	a := h.send(playingFilm(t), "")
	id, err := h.coder.Submit(t.Context(), a.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	h.change(a.ID, func(now *metadata.Asset, uploads []*metadata.Upload) { // as when what plays was made, and rungs are to join it
		made := uploads[len(uploads)-1]
		made.State, made.Key = metadata.UploadComplete, now.Source
	})
	if err := h.coder.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s, err := h.coder.Status(t.Context(), id)
	if err != nil || s.State != transcode.Canceled || s.Error == "" {
		t.Errorf("%+v: %v", s, err)
	}
	if now := h.asset(a.ID); now.State != metadata.Ready || !now.Playable {
		t.Errorf("%+v", now)
	}
}

// TestWhatWasMadeAndDoesNotPlayFailsItsTranscode has Inspect refuse what was made, and
// the process end before it is said.
func TestWhatWasMadeAndDoesNotPlayFailsItsTranscode(t *testing.T) {
	h := idleHouse(t)
	id := h.send(foreignFilm(t), "").ID
	h.change(id, func(_ *metadata.Asset, uploads []*metadata.Upload) {
		made := uploads[len(uploads)-1]
		made.State, made.Error = metadata.UploadFailed, "it holds no media"
	})
	if err := h.queue.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.until("the task ends", h.idle)
	if a := h.asset(id); a.State != metadata.Failed || !strings.Contains(a.Error, "it holds no media") {
		t.Errorf("%+v", a)
	}
	all, err := h.meta.Events().After(t.Context(), "ann", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(all, func(e events.Event) bool { return e.Type == events.TranscodeFailed }) {
		t.Error("nobody was told that the transcode has failed")
	}
}
