package transcode

import (
	"sync"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// follows is a Transcoder that tells of its progress, and a task of one with chunks.
func follows(chunks int, tell func(events.Event)) (*Transcoder, func(n int64) *work) {
	t := &Transcoder{followed: map[string]*followed{}}
	t.o.Publish = tell
	r := &record{Carry: AsItCame, Planned: true, Chunks: chunks, Rungs: []rung{{Name: "240p", State: metadata.Processing}}}
	return t, func(n int64) *work {
		return &work{record: r, task: &jobs.Task{Job: jobs.Job{ID: n}}, args: args{Transcode: "a"}, upload: &metadata.Upload{ID: "a", Version: 1}}
	}
}

// Whoever implements Programs may tell of a command once more after its end.
func TestProgressOfATaskThatHasEndedIsNobodys(t *testing.T) {
	told := 0
	coder, task := follows(1, func(events.Event) { told++ })
	w := task(1)
	coder.enter(w)
	tell := coder.follow(w, partVideo(0))
	tell(ffmpeg.Progress{Percent: 10})
	coder.leave(w)
	tell(ffmpeg.Progress{Percent: 20})
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

func TestNobodyIsToldLessAfterMore(t *testing.T) {
	const tasks, steps = 8, 200
	best := 0.0 // what tells is one at a time
	coder, task := follows(tasks, func(e events.Event) {
		percent, _ := e.Data["percent"].(float64)
		if percent < best {
			t.Errorf("%v %% after %v %%", percent, best)
		}
		best = percent
	})
	var all sync.WaitGroup
	for n := range tasks {
		w := task(int64(n))
		coder.enter(w)
		all.Go(func() {
			tell := coder.follow(w, partVideo(n))
			for i := range steps {
				tell(ffmpeg.Progress{Percent: 100 * float64(i+1) / steps})
			}
		})
	}
	all.Wait()
	if best != 100 {
		t.Errorf("it came to %v %%", best)
	}
}
