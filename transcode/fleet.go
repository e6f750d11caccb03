package transcode

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/streamgate/streamgate/events"
)

const (
	// silentFor is how long a process that tells nothing of its commands is taken to work
	// on them: it may have been killed.
	silentFor = 15 * time.Second
	// keptFor is how long it is known what was said of a transcode on which nobody works.
	keptFor = 10 * time.Minute
	// maxHeard is of how many transcodes, on which no task works here, anything is known.
	maxHeard = 1000
)

// other is what another process has told of a transcode.
type other struct {
	parts map[string]heardPart
	pace  float64 // as Transcoder.pace, of what it has seen itself; 0 where that says nothing yet
	at    time.Time
}

type heardPart struct {
	progress

	at time.Time
}

// aside is what processes tell each other with each event of progress: of the whole
// anybody knows what stands in the record.
type aside struct {
	From  string                `json:"from"`  // the Transcoder
	Parts map[string][2]float64 `json:"parts"` // all that runs there: percent and speed
	Pace  float64               `json:"pace,omitempty"`
}

// aside is what is told of the tasks here. The Transcoder is locked.
func (t *Transcoder) aside(f *followed) json.RawMessage {
	a := aside{From: t.id, Parts: map[string][2]float64{}, Pace: f.pace(time.Now())}
	for part, p := range f.parts {
		a.Parts[part] = [2]float64{p.percent, p.speed}
	}
	text, err := json.Marshal(a)
	if err != nil {
		return nil // there is a number that is none
	}
	return text
}

// Heard takes what another process with the same Metadata has published, so that Status
// says the same in each, and calls show with it as it is to be shown here: no less after
// more, and nothing of what has ended. It is made for events.DispatcherOptions.Heard,
// calls show before it returns, and shows other events as they are. It does not block.
func (t *Transcoder) Heard(e events.Event, show func(events.Event)) {
	id, _ := e.Data["transcode"].(string)
	var told aside
	if e.Type != events.TranscodeProgress || id == "" || json.Unmarshal(e.Aside, &told) != nil || told.From == t.id {
		show(e)
		return
	}
	f := t.hear(id, &told)
	if f == nil {
		show(e)
		return
	}
	f.telling.Lock()
	defer f.telling.Unlock()
	t.mu.Lock()
	over := f.over
	f.most.raise(&e)
	t.mu.Unlock()
	if !over {
		show(e)
	}
}

// Seen is told of events of the outbox, and forgets what has ended, wherever that was. It
// is made for events.DispatcherOptions.Seen.
func (t *Transcoder) Seen(e events.Event) {
	switch e.Type {
	case events.TranscodeDone, events.TranscodeFailed, events.TranscodeCanceled:
		id, _ := e.Data["transcode"].(string)
		t.ended(id)
	}
}

// ended has nothing more told of a transcode.
func (t *Transcoder) ended(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.followed[id]; f != nil {
		f.over, f.at = true, time.Now()
		clear(f.others)
	}
}

// hear keeps what a process tells; nil where there is no room for it.
func (t *Transcoder) hear(id string, told *aside) *followed {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.followed[id] == nil && len(t.followed) >= maxHeard {
		if t.forgetSilent(); len(t.followed) >= maxHeard {
			return nil
		}
	}
	f := t.following(id)
	if f.over {
		return f
	}
	now := f.at
	o := f.others[told.From]
	if o == nil || now.Sub(o.at) >= silentFor {
		// What it has done comes at once, and is not what was done since then.
		f.stages, o = nil, &other{parts: map[string]heardPart{}}
		f.others[told.From] = o
	}
	// What was encoded and is named no longer is on its way into the record.
	maps.DeleteFunc(o.parts, func(_ string, p heardPart) bool { return p.percent < 100 || now.Sub(p.at) >= silentFor })
	for part, p := range told.Parts {
		o.parts[part] = heardPart{progress{percent: min(p[0], 100), speed: max(p[1], 0)}, now}
	}
	o.pace, o.at = max(told.Pace, 0), now
	return f
}

// forgetSilent forgets what nobody has told of for long. The Transcoder is locked.
func (t *Transcoder) forgetSilent() {
	maps.DeleteFunc(t.followed, func(_ string, f *followed) bool {
		silent := time.Since(f.at)
		return len(f.runs) == 0 && (silent >= keptFor || f.over && silent >= silentFor)
	})
}

// partsOf are the parts of a transcode that are worked on, here or in another process.
func (t *Transcoder) partsOf(id string) map[string]progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.followed[id]
	if f == nil {
		return nil
	}
	parts, now := maps.Clone(f.parts), time.Now()
	for from, o := range f.others {
		if now.Sub(o.at) >= silentFor {
			delete(f.others, from)
			f.stages = nil // what it had begun will be begun again
			continue
		}
		for part, p := range o.parts {
			had, both := parts[part] // where one has lost its lease and does not know it yet
			if now.Sub(p.at) < silentFor && (!both || p.percent > had.percent) {
				parts[part] = p.progress
			}
		}
	}
	return parts
}

// keepUp has s say no less than was said here before.
func (t *Transcoder) keepUp(s *Status) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.followed[s.ID]; f != nil && s.State == Running {
		f.most.keepUp(s)
	}
}

// raise has what another process told say no less than was said here before.
func (m *most) raise(e *events.Event) {
	s := &Status{}
	s.Percent, _ = e.Data["percent"].(float64)
	if text, err := json.Marshal(e.Data["rungs"]); err != nil || json.Unmarshal(text, &s.Rungs) != nil {
		return // of another version
	}
	m.keepUp(s)
	e.Data = maps.Clone(e.Data)
	e.Data["percent"], e.Data["rungs"] = s.Percent, s.Rungs
}
