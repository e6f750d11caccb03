package transcode_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// A tank is where something may be short.
type tank struct {
	transcode.Programs

	short atomic.Bool
	asked atomic.Int32 // while it was
}

// take returns an error while it is short.
func (s *tank) take(err error) error {
	if !s.short.Load() {
		return nil
	}
	s.asked.Add(1)
	return err
}

// Run implements transcode.Programs.
func (s *tank) Run(ctx context.Context, c *ffmpeg.Command) (*ffmpeg.Result, error) {
	if err := s.take(&ffmpeg.RunError{Program: "ffmpeg", Class: ffmpeg.DiskFull, Reason: "the disk has 1 byte left"}); err != nil {
		return nil, err
	}
	return s.Programs.Run(ctx, c)
}

// of is a house in which something is short: storage, by an error, or with nil the disk
// of ffmpeg.
func (s *tank) of(t *testing.T, err error, patience time.Duration) *house {
	s.short.Store(true)
	o := smallOptions()
	o.Look, o.Patience, o.Attempts = time.Millisecond, patience, 2
	if err == nil {
		s.Programs = newHeld(t).Programs
		o.programs = s
		return newHouse(t, t.TempDir(), o)
	}
	o.store = func(files *disk.Store) storage.Store {
		return &guarded{Store: files, creating: func(key string) error {
			if !strings.Contains(key, "/parts/") {
				return nil
			}
			return s.take(problem.Because(err, context.DeadlineExceeded, "no room for %q", key))
		}}
	}
	return newHouse(t, t.TempDir(), o)
}

func TestATranscodeWaitsForRoomAndForStorage(t *testing.T) {
	path := makeFilm(t, "film.avi", lasting(movingPicture, "3")+"-c:v mpeg4 -q:v 5")
	for _, c := range []struct {
		name string
		err  error
		says string
	}{
		{"storage is full", storage.ErrFull, "there is no room left in storage"},
		{"storage does not answer", storage.ErrUnavailable, "storage does not answer as it should"},
		{"the disk of ffmpeg is full", nil, "the disk has 1 byte left"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &tank{}
			h := s.of(t, c.err, time.Hour)
			id := h.send(path, "").ID
			h.until("more is tried than attempts there are", func() bool { return s.asked.Load() > 5 })
			made := h.transcodes(id)[0].ID
			status := func() *transcode.Status {
				t.Helper()
				got, err := h.coder.Status(t.Context(), made)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			a, now := h.asset(id), status()
			if a.State != metadata.Processing || !strings.HasPrefix(a.Reason, c.says) || strings.Contains(a.Reason, "/parts/") {
				t.Errorf("the asset: %+v", a)
			}
			if now.Error != "" || !strings.HasPrefix(now.Reason, c.says) {
				t.Errorf("the transcode: %+v", now)
			}
			s.short.Store(false)
			if a = h.over(id); a.State != metadata.Ready || a.Reason != "" || len(a.Renditions) != 2 {
				t.Errorf("once there is room: %+v", a)
			}
			if now = status(); now.State != transcode.Done || now.Reason != "" {
				t.Errorf("once there is room: %+v", now)
			}
		})
	}
}

func TestPatienceHasAnEnd(t *testing.T) {
	path := makeFilm(t, "film.avi", lasting(movingPicture, "3")+"-c:v mpeg4 -q:v 5")
	for says, err := range map[string]error{"there is no room left in storage": storage.ErrFull, "the disk has 1 byte left": nil} {
		s := &tank{}
		h := s.of(t, err, time.Nanosecond)
		a := h.over(h.send(path, "").ID)
		if a.State != metadata.Failed || a.Error != says || s.asked.Load() < 2 {
			t.Errorf("%d times: %s, %q", s.asked.Load(), a.State, a.Error)
		}
		h.until("all tasks end", h.idle)
	}
}

// What an operator has to see to by another import is not waited for.
func TestAnImportThatHasChangedIsNotWaitedFor(t *testing.T) {
	s := &tank{}
	s.short.Store(true)
	o := smallOptions()
	o.Patience = time.Hour
	o.store = func(files *disk.Store) storage.Store {
		return &guarded{Store: files, creating: func(key string) error {
			if !strings.Contains(key, "/parts/plan") {
				return nil
			}
			return s.take(problem.Errorf(storage.ErrChanged, "%q is damaged", key))
		}}
	}
	h := newHouse(t, t.TempDir(), o)
	a := h.over(h.send(foreignFilm(t), "").ID)
	if a.State != metadata.Failed || !strings.HasPrefix(a.Error, "the imported file has changed") || s.asked.Load() != 1 {
		t.Errorf("%d times: %s, %q", s.asked.Load(), a.State, a.Error)
	}
	h.until("all tasks end", h.idle)
}

// A run that takes hours in vain takes them twice, and not for each attempt.
func TestWhatTakesTooLongIsTriedOnceMore(t *testing.T) {
	p := &counted{failing: failing{Programs: newHeld(t).Programs, output: "64p", class: ffmpeg.TimeLimit, times: -1}}
	o := smallOptions()
	o.programs = p
	h := newHouse(t, t.TempDir(), o)
	a := h.over(h.send(makeFilm(t, "film.avi", lasting(movingPicture, "3")+"-c:v mpeg4 -q:v 5"), "").ID)
	if n := p.runs.Load(); a.State != metadata.Failed || n != 2 {
		t.Errorf("%d runs, and it is %s", n, a.State)
	}
	h.until("all tasks end", h.idle)
}

// counted counts the runs that fail.
type counted struct {
	failing

	runs atomic.Int32
}

// Run implements transcode.Programs.
func (p *counted) Run(ctx context.Context, c *ffmpeg.Command) (*ffmpeg.Result, error) {
	res, err := p.failing.Run(ctx, c)
	if err != nil && ctx.Err() == nil {
		p.runs.Add(1)
	}
	return res, err
}
