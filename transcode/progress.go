package transcode

import (
	"maps"
	"sync"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// progress is how far a command is, or was, of a task that runs.
type progress struct {
	percent float64 // -1 where that is not known
	speed   float64 // seconds of the film in a second; 0 when it has ended
	by      string  // the run of the task; "" in another process
}

// followed is what is known here of a transcode on which tasks work, here or elsewhere.
type followed struct {
	telling sync.Mutex // before Transcoder.mu, which guards the rest

	runs    map[string]bool // of tasks, here
	version int64           // of the upload that the record is of
	record  *record         // the newest that a task here has seen; nobody changes it
	parts   map[string]progress
	stages  []stage           // of the last minute, oldest first
	done    float64           // what is done now, as a stage has it
	others  map[string]*other // what other processes have told
	most    most              // that was said
	over    bool              // it has ended
	at      time.Time         // when something was heard of it last, or done here
}

// following returns what is known of a transcode, and makes room for it where it is new.
// The Transcoder is locked.
func (t *Transcoder) following(id string) *followed {
	f := t.followed[id]
	if f == nil {
		t.forgetSilent()
		f = &followed{runs: map[string]bool{}, parts: map[string]progress{}, others: map[string]*other{}}
		t.followed[id] = f
	}
	f.at = time.Now()
	return f
}

// enter has a transcode followed, until a call of leave for the same task.
func (t *Transcoder) enter(w *work) {
	t.mu.Lock()
	t.following(w.args.Transcode).runs[w.by()] = true
	t.mu.Unlock()
	t.saw(w.args.Transcode, w.upload.Version, w.record)
}

// leave is for a task that has ended: what it has done stands in the record by now. Of
// a command that broke off it is told that nothing comes of it any more.
func (t *Transcoder) leave(w *work) {
	t.mu.Lock()
	f := t.followed[w.args.Transcode]
	delete(f.runs, w.by())
	broke := false
	maps.DeleteFunc(f.parts, func(_ string, p progress) bool {
		broke = broke || p.by == w.by() && p.speed > 0
		return p.by == w.by()
	})
	r := f.record
	if f.at = time.Now(); len(f.runs) == 0 {
		f.version, f.record, f.stages = 0, nil, nil
	}
	t.mu.Unlock()
	if broke {
		f.telling.Lock()
		defer f.telling.Unlock()
		t.tell(f, w.upload, r)
	}
}

// saw keeps the record of a transcode on which tasks work here, where it is newer: a task
// that runs long has an old one, of which it would tell less than was told already.
func (t *Transcoder) saw(id string, version int64, r *record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.followed[id]; f != nil && len(f.runs) > 0 && version >= f.version {
		f.version, f.record = version, r
		f.over = f.over || r.Ended
	}
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
			return
		}
		f.telling.Lock() // so that nobody is told less after more
		defer f.telling.Unlock()
		t.mu.Lock()
		runs := f.runs[by]
		if runs { // else the task has ended, and what it has done stands in the record
			f.parts[part] = progress{p.Percent, p.Speed, by}
		}
		r := f.record
		t.mu.Unlock()
		if runs {
			t.tell(f, u, r)
		}
	}
}

// tellWaits tells that a transcode does not go on for the present. Nobody else would: an
// asset that plays says nothing of a ladder that waits.
func (t *Transcoder) tellWaits(w *work) {
	t.mu.Lock()
	f := t.followed[w.args.Transcode]
	t.mu.Unlock()
	f.telling.Lock()
	defer f.telling.Unlock()
	t.mu.Lock()
	r := f.record
	t.mu.Unlock()
	t.tell(f, w.upload, r)
}

// tell publishes how far the whole is, and what is done of it here. f.telling is locked.
func (t *Transcoder) tell(f *followed, u *metadata.Upload, r *record) {
	s := &Status{ID: u.ID, State: Running, Rungs: []RungStatus{}}
	t.measureUp(s, r)
	t.mu.Lock()
	over, aside := f.over, t.aside(f)
	t.mu.Unlock()
	if over {
		return
	}
	data := map[string]any{"transcode": u.ID, "percent": s.Percent, "speed": s.Speed, "seconds_left": s.Left, "rungs": s.Rungs}
	if r.Waits != "" {
		data["reason"] = r.Waits
	}
	t.o.Publish(events.Event{Type: events.TranscodeProgress, Time: time.Now(), Owner: u.Owner, Asset: u.Asset, Data: data, Aside: aside})
}

// most is the most that was said of a transcode: what is done once more, for a process
// was killed, counts again from where it was.
type most struct {
	percent float64
	rungs   map[string]float64
}

// keepUp has a Status of what runs say no less than was said before.
func (m *most) keepUp(s *Status) {
	if m.rungs == nil {
		m.rungs = map[string]float64{}
	}
	m.percent = max(m.percent, s.Percent)
	s.Percent = m.percent
	for i := range s.Rungs {
		one := &s.Rungs[i]
		m.rungs[one.Name] = max(m.rungs[one.Name], one.Percent)
		one.Percent = m.rungs[one.Name]
	}
}
