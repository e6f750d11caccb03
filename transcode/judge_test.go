package transcode_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// refusing are programs that say something before they look at anything.
type refusing struct {
	transcode.Programs

	say func() error
}

func (p refusing) Tools(context.Context) (*ffmpeg.Tools, error) { return nil, p.say() }

// A broken store refuses changes while it is down.
type broken struct {
	metadata.Store

	down    atomic.Bool
	refused atomic.Int64
}

func (s *broken) Update(ctx context.Context, fn func(metadata.Tx) error) error {
	if s.down.Load() {
		s.refused.Add(1)
		return metadata.ErrFull
	}
	return s.Store.Update(ctx, fn)
}

// refusingHouse tries each task once.
func refusingHouse(t *testing.T, say func() error, wrap func(metadata.Store) metadata.Store) *house {
	t.Helper()
	return newHouse(t, t.TempDir(), houseOptions{
		programs: refusing{say: say}, wrap: wrap, Options: transcode.Options{Attempts: 1, Look: 10 * time.Millisecond},
	})
}

func TestATaskThatRunsElsewhereByNowDoesNotEndItsTranscode(t *testing.T) {
	var asked atomic.Bool
	h := refusingHouse(t, func() error {
		asked.Store(true)
		return errors.Join(errors.New("writing"), jobs.ErrLeaseLost)
	}, nil)
	id := h.send(foreignFilm(t), "").ID
	h.until("the task runs", asked.Load)
	if err := h.queue.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if made := h.transcodes(id)[0]; made.State != metadata.UploadTranscoding {
		t.Errorf("it is %s: %s", made.State, made.Error)
	}
}

// A job that was cancelled, by an operator for instance, cancels its transcode.
func TestATaskThatWasCancelledCancelsItsTranscode(t *testing.T) {
	h := refusingHouse(t, func() error { return errors.Join(errors.New("writing"), jobs.ErrCancelled) }, nil)
	id := h.send(foreignFilm(t), "").ID
	h.until("it is cancelled", func() bool { return h.transcodes(id)[0].State == metadata.UploadCanceled })
}

func TestAFailureThatCannotBeWrittenIsWrittenLater(t *testing.T) {
	var db *broken
	var once sync.Once
	h := refusingHouse(t, func() error {
		once.Do(func() { db.down.Store(true) })
		return &ffmpeg.RunError{Program: "ffprobe", Class: ffmpeg.Failed, Reason: "there is no use in this file"}
	}, func(s metadata.Store) metadata.Store {
		db = &broken{Store: s}
		return db
	})
	id := h.send(foreignFilm(t), "").ID
	h.until("the failure is refused", func() bool { return db.refused.Load() > 0 })
	db.down.Store(false)
	h.until("the task ends", h.idle)
	if a := h.asset(id); a.State != metadata.Failed || !strings.Contains(a.Error, "no use") {
		t.Errorf("%+v", a)
	}
}

// TestTheSmallestRungIsMadeOnce has a task end between that what it made plays and that
// its record says so.
func TestTheSmallestRungIsMadeOnce(t *testing.T) {
	var once sync.Once
	o := smallOptions()
	o.after = func() (err error) {
		once.Do(func() { err = errors.New("it has crashed") })
		return err
	}
	h := newHouse(t, t.TempDir(), o)
	a := h.over(h.send(foreignFilm(t), "").ID)
	s, err := h.coder.Status(t.Context(), h.transcodes(a.ID)[0].ID)
	if err != nil || s.State != transcode.Done || len(s.Rungs) != 2 || s.Rungs[0].State != metadata.Ready {
		t.Errorf("%+v: %v", s, err)
	}
	if len(a.Renditions) != 2 {
		t.Errorf("it plays in %d renditions", len(a.Renditions))
	}
}

func TestAReasonIsCutBetweenLetters(t *testing.T) {
	says := func(reason string) func() error {
		return func() error { return &ffmpeg.RunError{Class: ffmpeg.BrokenInput, Reason: reason} }
	}
	h := refusingHouse(t, says(strings.Repeat("é", 300)+"x"), nil)
	long := refusingHouse(t, says("x"+strings.Repeat("é", 300)+"\x00"), nil)
	for _, h := range []*house{h, long} {
		id := h.send(foreignFilm(t), "").ID
		h.until("the task ends", h.idle)
		if a := h.asset(id); a.State != metadata.Failed || !strings.Contains(a.Error, strings.Repeat("é", 200)) {
			t.Errorf("it is %s: %s", a.State, a.Error)
		}
	}
}
