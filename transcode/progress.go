package transcode

import (
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// progress is how far a command is that runs here.
type progress struct {
	transcode string
	part      string
	percent   float64 // -1 where that is not known
	speed     float64 // seconds of the film in a second
}

// follow tells of a command.
func (t *Transcoder) follow(w *work, part string) func(ffmpeg.Progress) {
	return func(p ffmpeg.Progress) {
		now := &progress{w.upload.ID, part, p.Percent, p.Speed}
		t.mu.Lock()
		t.running[now.transcode+" "+part] = now
		t.mu.Unlock()
		t.tell(w)
	}
}

// tell publishes how far the whole is.
func (t *Transcoder) tell(w *work) {
	s := &Status{ID: w.upload.ID, State: Running}
	t.measureUp(s, w.record)
	t.o.Publish(events.Event{
		Type: events.TranscodeProgress, Time: time.Now(), Owner: w.upload.Owner, Asset: w.upload.Asset,
		Data: map[string]any{"transcode": w.upload.ID, "percent": s.Percent, "speed": s.Speed, "seconds_left": s.Left},
	})
}

func (t *Transcoder) unfollow(w *work, part string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.running, w.upload.ID+" "+part)
}
