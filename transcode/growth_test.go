package transcode_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// held are programs whose encoding of pictures waits for a word, a command at a time.
type held struct {
	transcode.Programs

	go1 chan struct{}

	mu    sync.Mutex
	begun int
}

func (p *held) Run(ctx context.Context, c *ffmpeg.Command) (*ffmpeg.Result, error) {
	if strings.Contains(strings.Join(c.Args, " "), "split=") {
		p.mu.Lock()
		p.begun++
		p.mu.Unlock()
		select {
		case <-p.go1:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return p.Programs.Run(ctx, c)
}

func (p *held) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.begun
}

func newHeld(t *testing.T) *held {
	t.Helper()
	return &held{Programs: runner(t), go1: make(chan struct{}, 100)}
}

func heldOptions(p *held) houseOptions {
	o := smallOptions()
	o.programs = p
	return o
}

// longFilm has four chunks.
func longFilm(t *testing.T) string {
	return makeFilm(t, "film.avi", lasting(movingPicture+tone, "62")+"-c:v mpeg4 -q:v 9 -g 50 -c:a mp3")
}

// TestAFilmPlaysFromItsFirstChunkOn reads what plays after each chunk: the address
// stays, and playlists only gain.
func TestAFilmPlaysFromItsFirstChunkOn(t *testing.T) {
	p := newHeld(t)
	h := newHouse(t, t.TempDir(), heldOptions(p))
	id := h.send(longFilm(t), "").ID
	h.until("the first chunk is to be encoded", func() bool { return p.waiting() == 1 })
	if a := h.asset(id); a.Playable {
		t.Fatalf("it plays before there is a chunk: %+v", a)
	}
	p.go1 <- struct{}{}
	h.until("it plays", func() bool { return h.asset(id).Playable })
	if a := h.asset(id); a.State != metadata.Processing || a.Waiting == "" || a.Kept() == "" {
		t.Errorf("%+v", a)
	}
	lists := h.playlists(id)
	if len(lists) != 2 {
		t.Fatalf("%d playlists, want picture and sound", len(lists))
	}
	before := map[string]string{}
	read := func() (segments int, ended bool) {
		for _, uri := range lists {
			text := string(h.get(uri))
			if was := strings.TrimSuffix(before[uri], "#EXT-X-ENDLIST\n"); !strings.HasPrefix(text, was) {
				t.Fatalf("%s changed: it was\n%s\nand is\n%s", uri, was, text)
			}
			if !strings.Contains(text, "#EXT-X-PLAYLIST-TYPE:EVENT") {
				t.Errorf("%s is no EVENT:\n%s", uri, text)
			}
			before[uri] = text
			segments, ended = strings.Count(text, "#EXTINF"), strings.Contains(text, "#EXT-X-ENDLIST")
		}
		return segments, ended
	}
	n, ended := read()
	if n < 1 || ended {
		t.Errorf("%d segments with the first chunk, ended: %t", n, ended)
	}
	p.go1 <- struct{}{} // what comes next is what is watched next: the second chunk
	h.until("there is more", func() bool { more, _ := read(); return more > n })
	for range 10 {
		p.go1 <- struct{}{}
	}
	a := h.over(id)
	if a.State != metadata.Ready || len(a.Renditions) != 2 {
		t.Fatalf("%+v", a)
	}
	h.until("the playlists end", func() bool { n, ended = read(); return ended })
	if n != 10 {
		t.Errorf("%d segments in the end, want 10 of 6 s and the rest", n)
	}
	if got := strings.Count(string(h.get("/play/"+id+"/master.m3u8")), "#EXT-X-STREAM-INF"); got != 2 {
		t.Errorf("new sessions get %d variants, want 2", got)
	}
}

// playlists are the media playlists of an asset.
func (h *house) playlists(id string) (list []string) {
	h.t.Helper()
	for line := range strings.Lines(string(h.get("/play/" + id + "/master.m3u8"))) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "#EXT-X-I") {
			continue
		}
		if _, quoted, ok := strings.Cut(line, `URI="`); ok {
			line, _, _ = strings.Cut(quoted, `"`)
		}
		if line != "" && line[0] != '#' {
			list = append(list, "/play/"+id+"/"+line)
		}
	}
	return list
}

// TestATranscodeThatEndsLeavesNothing ends one in several ways while a chunk is
// encoded, and while it plays.
func TestATranscodeThatEndsLeavesNothing(t *testing.T) {
	cases := []struct {
		name   string
		chunks int // that are encoded before
		end    func(h *house, a *metadata.Asset)
		left   int // files
	}{
		{"cancelled before anything plays", 0, cancel, 1},
		{"cancelled while it plays", 1, cancel, 1},
		{"its asset deleted before anything plays", 0, (*house).delete, 0},
		{"its asset deleted while it plays", 2, (*house).delete, 0},
		{"its file replaced while it plays", 2, replace, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newHeld(t)
			h := newHouse(t, t.TempDir(), heldOptions(p))
			id := h.send(longFilm(t), "").ID
			for range c.chunks {
				p.go1 <- struct{}{}
			}
			h.until("a chunk is being encoded", func() bool { return p.waiting() == c.chunks+1 })
			if c.chunks > 0 {
				h.until("it plays", func() bool { return h.asset(id).Playable })
			}
			c.end(h, h.asset(id))
			h.until("all tasks end", h.idle) // though no chunk that is held goes on
			if keys := h.stored(); len(keys) != c.left {
				t.Errorf("%d files are left, want %d: %q", len(keys), c.left, keys)
			}
		})
	}
}

func cancel(h *house, a *metadata.Asset) {
	h.t.Helper()
	id := h.transcodes(a.ID)[0].ID
	if err := h.coder.Cancel(h.t.Context(), id); err != nil {
		h.t.Fatal(err)
	}
	if a := h.asset(a.ID); a.State != metadata.Failed || a.Playable || a.Error == "" || a.Waiting != "" {
		h.t.Errorf("%+v", a)
	}
	if u := h.transcodes(a.ID)[0]; u.State != metadata.UploadCanceled {
		h.t.Errorf("%+v", u)
	}
}

func replace(h *house, a *metadata.Asset) {
	h.t.Helper()
	now := h.send(makeFilm(h.t, "film.mp4", lasting(movingPicture, "3")+"-c:v libx264 -preset ultrafast"), "?asset_id="+a.ID)
	if now.State != metadata.Ready || now.Settling != (metadata.Settling{}) {
		h.t.Errorf("%+v", now)
	}
}

// TestATranscodeSurvivesKill kills a process that transcodes, again and again, and has
// the next go on.
func TestATranscodeSurvivesKill(t *testing.T) {
	if dir := os.Getenv("TRANSCODE_CHILD"); dir != "" {
		newHouse(t, dir, smallOptions())
		time.Sleep(time.Hour)
	}
	need(t, "ffmpeg")
	dir, path := t.TempDir(), longFilm(t)
	idle := newHouse(t, dir, houseOptions{Options: smallOptions().Options, programs: newHeld(t), idle: true})
	id := idle.send(path, "").ID
	idle.stop()
	kills := 4
	if testing.Short() {
		t.Attr("short", "few kills")
		kills = 2
	}
	for range kills {
		child := exec.Command(os.Args[0], "-test.run=^TestATranscodeSurvivesKill$") //nolint:gosec // this very test
		child.Env = append(os.Environ(), "TRANSCODE_CHILD="+dir)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2500 * time.Millisecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
	}
	h := newHouse(t, dir, smallOptions())
	a := h.over(id)
	if a.State != metadata.Ready || len(a.Renditions) != 2 {
		t.Fatalf("%+v, %+v", a, h.transcodes(id)[0])
	}
	for _, uri := range h.playlists(id) {
		if text := string(h.get(uri)); strings.Count(text, "#EXTINF") != 10 || !strings.Contains(text, "#EXT-X-ENDLIST") {
			t.Errorf("%s:\n%s", uri, text)
		}
	}
	h.until("all tasks end", h.idle)
	if keys := h.stored(); len(keys) != 6 {
		t.Errorf("%d files are stored: %q", len(keys), keys)
	}
}
