package transcode_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// sight is what a viewer has seen of playlists that grow.
type sight struct {
	h     *house
	lists map[string]string // by address
	bytes map[string][]byte // of segments and what they begin with
}

func (h *house) watch() *sight { return &sight{h, map[string]string{}, map[string][]byte{}} }

// look reads playlists, which may only gain, and what they name. It tells how many
// segments each has.
func (s *sight) look(lists []string) (segments map[string]int) {
	s.h.t.Helper()
	segments = map[string]int{}
	for _, at := range lists {
		text := string(s.h.get(at))
		if was := strings.TrimSuffix(s.lists[at], "#EXT-X-ENDLIST\n"); !strings.HasPrefix(text, was) {
			s.h.t.Fatalf("%s changed: it was\n%s\nand is\n%s", at, was, text)
		}
		s.lists[at], segments[at] = text, strings.Count(text, "#EXTINF")
		folder := at[:strings.LastIndex(at, "/")+1]
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			got := s.h.get(folder + line)
			if was, ok := s.bytes[folder+line]; ok && !bytes.Equal(was, got) {
				s.h.t.Fatalf("%s has other bytes than before", folder+line)
			}
			s.bytes[folder+line] = got
		}
	}
	return segments
}

// videos are the playlists of pictures that a new session gets.
func (h *house) videos(id string) (list []string) {
	h.t.Helper()
	for _, at := range h.playlists(id) {
		if strings.HasPrefix(path.Base(path.Dir(at)), "v") {
			list = append(list, at)
		}
	}
	return list
}

// TestRungsGrowBesideWhatPlays has a film's first two chunks made in all rungs, and reads
// what there is then, and what becomes of it.
func TestRungsGrowBesideWhatPlays(t *testing.T) {
	p := newHeld(t)
	h := newHouse(t, t.TempDir(), heldOptions(p))
	id := h.send(longFilm(t), "").ID
	p.go1 <- struct{}{}
	h.until("it plays", func() bool { return h.asset(id).Playable })
	if got := h.videos(id); len(got) != 1 {
		t.Fatalf("%d rungs with the first chunk of one of them", len(got))
	}
	p.go1 <- struct{}{} // the second chunk, in all rungs
	p.go1 <- struct{}{} // and what is left of the first
	h.until("it plays in both rungs", func() bool { return len(h.videos(id)) == 2 })
	a := h.asset(id)
	if a.State != metadata.Processing || len(a.Renditions) != 1 || !a.Renditions[0].Growing() {
		t.Errorf("the asset says %s, with renditions %+v", a.State, a.Renditions)
	}
	rungs, s := h.videos(id), h.watch()
	early := s.look(rungs)
	if early[rungs[0]] != early[rungs[1]] || early[rungs[0]] < 2 {
		t.Errorf("%d segments of one rung and %d of the other, want the same", early[rungs[0]], early[rungs[1]])
	}
	p.go1 <- struct{}{} // the third
	h.until("both have more", func() bool {
		now := s.look(rungs)
		return now[rungs[0]] > early[rungs[0]] && now[rungs[0]] == now[rungs[1]]
	})
	for range 10 {
		p.go1 <- struct{}{}
	}
	h.until("both have ended", func() bool {
		s.look(rungs)
		return strings.Contains(s.lists[rungs[0]], "#EXT-X-ENDLIST") && strings.Contains(s.lists[rungs[1]], "#EXT-X-ENDLIST")
	})
	a = h.over(id)
	if a.State != metadata.Ready || len(a.Renditions) != 2 || !a.Renditions[1].Plays() || a.Renditions[1].Size == 0 {
		t.Fatalf("%+v", a)
	}
	h.until("both have the rest", func() bool {
		now := s.look(rungs)
		return now[rungs[0]] == 10 && now[rungs[1]] == 10
	})
	if got := h.videos(id); len(got) != 2 || got[0] != rungs[0] && got[0] != rungs[1] {
		t.Errorf("new sessions get %q, who watched early %q", got, rungs)
	}
	h.onlyWhatIsUsed(a)
}

// fourChunks is a film of 90 s.
func fourChunks(t *testing.T) string {
	return makeFilm(t, "four.avi", lasting(movingPicture+tone, "90")+"-c:v mpeg4 -q:v 9 -g 50 -c:a mp3")
}

// inBothRungs is a house with a film that plays in both rungs, as far as its second chunk.
func inBothRungs(t *testing.T, o *houseOptions, p *held) (h *house, id string) {
	t.Helper()
	h = newHouse(t, t.TempDir(), *o)
	id = h.send(fourChunks(t), "").ID
	for range 3 {
		p.go1 <- struct{}{}
	}
	h.until("it plays in both rungs", func() bool { return h.asset(id).Playable && len(h.videos(id)) == 2 })
	return h, id
}

func (h *house) plays(id string) bool {
	a, err := h.meta.Asset(h.t.Context(), id)
	return err == nil && a.Playable
}

// TestWhatEndsWhileRungsGrow ends a transcode in each way while two rungs are watched.
func TestWhatEndsWhileRungsGrow(t *testing.T) {
	other := playingFilm(t)
	for _, c := range []struct {
		name   string
		happen func(h *house, a *metadata.Asset)
		ends   func(t *testing.T, h *house, was *metadata.Asset)
	}{
		{"it is cancelled", func(h *house, a *metadata.Asset) {
			if err := h.coder.Cancel(h.t.Context(), h.transcodes(a.ID)[0].ID); err != nil {
				h.t.Error(err)
			}
		}, wasCanceled},
		{"its asset is deleted", (*house).delete, wasDeleted},
		{"its file is replaced", func(h *house, a *metadata.Asset) { h.send(other, "?asset_id="+a.ID) }, wasReplaced},
		{"a rendition is deleted", func(h *house, a *metadata.Asset) {
			h.change(a.ID, func(a *metadata.Asset, _ []*metadata.Upload) { a.Renditions = nil })
		}, hasOneRung(reasonDeleted)},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newHeld(t)
			o := heldOptions(p)
			h, id := inBothRungs(t, &o, p)
			a := h.asset(id)
			c.happen(h, a)
			for range 10 {
				p.go1 <- struct{}{}
			}
			h.until("all tasks end", h.idle)
			h.until("what was read of it is forgotten", func() bool { return h.plays(id) || len(h.playlists(id)) == 0 })
			c.ends(t, h, a)
		})
	}
}

const reasonDeleted = "its rendition was deleted while it was made"

// hasOneRung asks that the smallest rung plays, whole, and that the other says why not.
func hasOneRung(why string) func(t *testing.T, h *house, was *metadata.Asset) {
	return func(t *testing.T, h *house, was *metadata.Asset) {
		t.Helper()
		a := h.asset(was.ID)
		if a.State != metadata.Ready || len(a.Renditions) != 1 {
			t.Errorf("%+v", a)
		}
		s, err := h.coder.Status(t.Context(), h.transcodes(a.ID)[0].ID)
		if err != nil || s.Rungs[1].State != metadata.Failed || s.Rungs[1].Error != why {
			t.Errorf("%+v, %v", s.Rungs, err)
		}
		u := h.transcodes(a.ID)[0]
		if n := u.RenditionOffset(s.Rungs[1].Name); n != 0 {
			t.Errorf("there are %d bytes of it", n)
		}
		h.onlyWhatIsUsed(a)
	}
}

// late are programs that fail for a rung in all chunks but the first ones.
type late struct {
	*held

	runs int
}

func (p *late) Run(ctx context.Context, c *ffmpeg.Command) (*ffmpeg.Result, error) {
	has := slices.ContainsFunc(c.Outputs, func(o ffmpeg.Output) bool { return strings.HasPrefix(o.Name, "128p") })
	if !has {
		return p.held.Run(ctx, c)
	}
	p.mu.Lock()
	p.runs++
	n := p.runs
	p.mu.Unlock()
	if n > 2 {
		return nil, &ffmpeg.RunError{Program: "ffmpeg", Class: ffmpeg.Unsupported, Reason: "it does not like 128p"}
	}
	return p.held.Run(ctx, c)
}

// A rung that fails when it is watched goes, and what plays goes on.
func TestARungThatFailsAsItGrowsIsHidden(t *testing.T) {
	p := newHeld(t)
	o := heldOptions(p)
	o.programs = &late{held: p}
	h, id := inBothRungs(t, &o, p)
	for range 20 {
		p.go1 <- struct{}{}
	}
	h.until("all tasks end", h.idle)
	hasOneRung("it does not like 128p")(t, h, h.asset(id))
	h.until("one rung plays", func() bool { return len(h.videos(id)) == 1 })
}

// stumbling is a store of which a step fails once, after it is done: as for a process that
// ends between that and saying so.
type stumbling struct {
	*disk.Store

	key, step string
	after     int // times that it goes well
	mu        sync.Mutex
	came      string // key of the film as it came
	failed    bool
}

type stumblingDraft struct {
	storage.Draft

	s   *stumbling
	key string
}

func (s *stumbling) wrap(d storage.Draft, key string, err error) (storage.Draft, error) {
	if err != nil {
		return nil, err
	}
	return &stumblingDraft{d, s, key}, nil
}

func (s *stumbling) Create(ctx context.Context, key string) (storage.Draft, error) {
	s.mu.Lock()
	s.came = cmp.Or(s.came, key)
	s.mu.Unlock()
	d, err := s.Store.Create(ctx, key)
	return s.wrap(d, key, err)
}

func (s *stumbling) Append(ctx context.Context, key string) (storage.Draft, error) {
	d, err := s.Store.Append(ctx, key)
	return s.wrap(d, key, err)
}

func (d *stumblingDraft) then(step string, err error) error {
	s := d.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || step != s.step || !strings.HasSuffix(d.key, s.key) || d.key == s.came || s.failed {
		return err
	}
	if s.after--; s.after >= 0 {
		return nil
	}
	s.failed = true
	return errors.New("the worker is gone")
}

func (d *stumblingDraft) Sync() error { return d.then("sync", d.Draft.Sync()) }

func (d *stumblingDraft) Commit(ctx context.Context) error {
	return d.then("commit", d.Draft.Commit(ctx))
}

// TestRungsGrowOnAfterACrash fails after each kind of step once: what was appended and
// not said is appended again, and nothing else is lost or twice.
func TestRungsGrowOnAfterACrash(t *testing.T) {
	for _, c := range []struct {
		name, key, step string
		after           int
	}{
		{"a rung has caught up", "/rungs/128p", "sync", 0},
		{"a rung has a chunk, what plays has not", "/rungs/128p", "sync", 2},
		{"what plays has a chunk", "/source", "sync", 2},
		{"a rung is whole, what plays is not", "/rungs/128p", "commit", 0},
		{"what plays is whole", "/source", "commit", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.step == "sync" && c.key == "/source" {
				t.Skip("a case of the same kind as others")
			}
			p := newHeld(t)
			o := heldOptions(p)
			store := &stumbling{key: c.key, step: c.step, after: c.after}
			o.store = func(s *disk.Store) storage.Store { store.Store = s; return store }
			h, id := inBothRungs(t, &o, p)
			rungs, s := h.videos(id), h.watch()
			s.look(rungs)
			for range 10 {
				p.go1 <- struct{}{}
			}
			a := h.over(id)
			if !store.failed {
				t.Fatal("that step did not come")
			}
			if a.State != metadata.Ready || len(a.Renditions) != 2 {
				t.Fatalf("%+v", a)
			}
			h.until("both have the rest", func() bool {
				now := s.look(rungs)
				return now[rungs[0]] == 15 && now[rungs[1]] == 15
			})
			h.onlyWhatIsUsed(a)
		})
	}
}
