package transcode

import (
	"cmp"
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
// while a task of it has run, or by what a process tells that works on it: what it is by
// all the time that it took counts pauses, too. It is 0 where that is not known. done is
// what is done now.
func (t *Transcoder) pace(id string, now time.Time, done float64) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.followed[id]
	if f == nil {
		return 0
	}
	if len(f.runs) > 0 {
		f.reach(now, done)
	}
	return cmp.Or(f.pace(now), f.paceHeard(now))
}

// reach notes what is done.
func (f *followed) reach(now time.Time, done float64) {
	for len(f.stages) > 1 && now.Sub(f.stages[1].at) >= paceOf {
		f.stages = f.stages[1:]
	}
	if n := len(f.stages); n == 0 || now.Sub(f.stages[n-1].at) >= stageEvery {
		f.stages = append(f.stages, stage{now, done})
	}
	f.done = done
}

// pace is what was done in a second by the stages.
func (f *followed) pace(now time.Time) float64 {
	if len(f.stages) == 0 {
		return 0
	}
	first := f.stages[0]
	if took := now.Sub(first.at); took >= paceLeast && f.done > first.done {
		return (f.done - first.done) / took.Seconds()
	}
	return 0
}

// paceHeard is the pace of the process that was heard last, of those that know it.
func (f *followed) paceHeard(now time.Time) (pace float64) {
	var last time.Time
	for _, o := range f.others {
		if o.pace > 0 && now.Sub(o.at) < silentFor && o.at.After(last) {
			pace, last = o.pace, o.at
		}
	}
	return pace
}
