package transcode_test

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// installed are programs that are installed once somebody has done that.
type installed struct {
	transcode.Programs

	there atomic.Bool
}

func (l *installed) Tools(ctx context.Context) (*ffmpeg.Tools, error) {
	if !l.there.Load() {
		return nil, ffmpeg.ErrMissing
	}
	return l.Programs.Tools(ctx)
}

// What is transcoded because it does not play says so of its asset, too. What plays
// already waits for its ladder, and nothing but the transcode could say why.
func TestATranscodeSaysThatFFmpegIsMissing(t *testing.T) {
	need(t, "ffmpeg")
	dir := t.TempDir()
	runner, err := ffmpeg.New(filepath.Join(dir, "runs"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Close() //nolint:errcheck // what it leaves goes with the folder
	programs, o := &installed{Programs: runner}, smallOptions()
	o.programs, o.Look, o.NoPosters = programs, 20*time.Millisecond, true
	var mu sync.Mutex
	told := map[string]any{} // by asset, the reason
	o.Publish = func(e events.Event) {
		mu.Lock()
		defer mu.Unlock()
		told[e.Asset] = e.Data["reason"]
	}
	h := newHouse(t, dir, o)
	films := map[string]string{metadata.WaitFFmpeg: h.send(foreignFilm(t), "").ID, "": h.send(playingFilm(t), "").ID}
	if _, err := h.coder.Submit(t.Context(), films[""], ""); err != nil {
		t.Fatal(err)
	}
	reasonOf := func(asset string) string {
		s, err := h.coder.Status(t.Context(), h.transcodes(asset)[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		return s.Reason
	}
	for waits, id := range films {
		h.until("it says why it waits", func() bool { return reasonOf(id) != "" })
		if a := h.asset(id); a.Waiting != waits || waits != "" && a.Reason != reasonOf(id) {
			t.Errorf("the asset waits for %q, %q", a.Waiting, a.Reason)
		}
		h.until("that is told", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return told[id] == reasonOf(id)
		})
	}
	programs.there.Store(true)
	for _, id := range films {
		h.over(id)
		if r := reasonOf(id); r != "" {
			t.Errorf("when it is over it says %q", r)
		}
	}
}
