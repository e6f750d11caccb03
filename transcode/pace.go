package transcode

import (
	"time"
)

// A stage is how much was done at a time, in chunks.
type stage struct {
	at   time.Time
	done float64
}

const (
	stageEvery = 5 * time.Second
	// paceOf is over how long the pace is taken: progress comes in leaps.
	paceOf = time.Minute
	// paceLeast is what says something.
	paceLeast = 15 * time.Second
)

// pace is how much of a transcode was done in a second lately, by what was asked for here
// while a task of it has run: what it is by all the time that it took counts pauses, too.
// It is 0 where that is not known. done is what is done now.
func (t *Transcoder) pace(id string, now time.Time, done float64) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.followed[id]
	if f == nil {
		return 0
	}
	for len(f.stages) > 1 && now.Sub(f.stages[1].at) >= paceOf {
		f.stages = f.stages[1:]
	}
	if n := len(f.stages); n == 0 || now.Sub(f.stages[n-1].at) >= stageEvery {
		f.stages = append(f.stages, stage{now, done})
	}
	first := f.stages[0]
	if took := now.Sub(first.at); took >= paceLeast && done > first.done {
		return (done - first.done) / took.Seconds()
	}
	return 0
}
