package transcode

import (
	"maps"
	"sync"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// progress is how far a command is, or was, of a task that runs here.
type progress struct {
	percent float64 // -1 where that is not known
	speed   float64 // seconds of the film in a second; 0 when it has ended
	by      string  // the run of the task
}

// followed is what is known here of a transcode on which tasks work.
type followed struct {
	telling sync.Mutex // before Transcoder.mu, which guards the rest

	tasks   int
	version int64   // of the upload that the record is of
	record  *record // the newest that a task here has seen; nobody changes it
	parts   map[string]progress
	stages  []stage // of the last minute, oldest first
}

// enter has a transcode followed, until a call of leave for the same task.
func (t *Transcoder) enter(w *work) {
	t.mu.Lock()
	f := t.followed[w.args.Transcode]
	if f == nil {
		f = &followed{parts: map[string]progress{}}
		t.followed[w.args.Transcode] = f
	}
	f.tasks++
	t.mu.Unlock()
	t.saw(w.args.Transcode, w.upload.Version, w.record)
}

// leave is for a task that has ended: what it has done stands in the record by now.
func (t *Transcoder) leave(w *work) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.followed[w.args.Transcode]
	maps.DeleteFunc(f.parts, func(_ string, p progress) bool { return p.by == w.by() })
	if f.tasks--; f.tasks == 0 {
		delete(t.followed, w.args.Transcode)
	}
}

// saw keeps the record of a transcode that is followed, where it is newer: a task that
// runs long has an old one, of which it would tell less than was told already.
func (t *Transcoder) saw(id string, version int64, r *record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.followed[id]; f != nil && version >= f.version {
		f.version, f.record = version, r
	}
}

// partsOf are the parts of a transcode that are worked on here.
func (t *Transcoder) partsOf(id string) map[string]progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.followed[id]; f != nil {
		return maps.Clone(f.parts)
	}
	return nil
}

// follow tells of a command.
func (t *Transcoder) follow(w *work, part string) func(ffmpeg.Progress) {
	by, u := w.by(), w.upload
	return func(p ffmpeg.Progress) {
		if p.Done {
			p.Speed = 0
		}
		t.mu.Lock()
		f := t.followed[u.ID]
		t.mu.Unlock()
		if f == nil {
			return // the task has ended, and what it has done stands in the record
		}
		f.telling.Lock() // so that nobody is told less after more
		defer f.telling.Unlock()
		t.mu.Lock()
		f.parts[part] = progress{p.Percent, p.Speed, by}
		r := f.record
		t.mu.Unlock()
		t.tell(u, r)
	}
}

// tell publishes how far the whole is.
func (t *Transcoder) tell(u *metadata.Upload, r *record) {
	s := &Status{ID: u.ID, State: Running, Rungs: []RungStatus{}}
	t.measureUp(s, r)
	t.o.Publish(events.Event{
		Type: events.TranscodeProgress, Time: time.Now(), Owner: u.Owner, Asset: u.Asset,
		Data: map[string]any{"transcode": u.ID, "percent": s.Percent, "speed": s.Speed, "seconds_left": s.Left, "rungs": s.Rungs},
	})
}
