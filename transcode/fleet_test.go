package transcode

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// ships are Transcoders as if each were in a process of its own, that tell each other of
// a transcode "a".
type ships struct {
	t     *testing.T
	all   []*Transcoder
	shown [][]events.Event // by process, of what is live there
	sent  [][]events.Event // by process, what is on its way there
	tasks int64
	r     *record
}

func fleetOf(t *testing.T, n, chunks int) *ships {
	t.Helper()
	s := &ships{t: t, shown: make([][]events.Event, n), sent: make([][]events.Event, n)}
	s.r = &record{
		Carry: AsItCame, Planned: true, Chunks: chunks, Rungs: []rung{{Name: "240p", State: metadata.Processing}},
		Parts: map[string]string{}, Began: time.Now(),
	}
	for i := range n {
		coder := &Transcoder{id: fmt.Sprint(i), followed: map[string]*followed{}}
		coder.o.Publish = func(e events.Event) {
			s.shown[i] = append(s.shown[i], e)
			data, err := json.Marshal(e.Data)
			if err != nil {
				t.Fatal(err)
			}
			e.Data = nil // as it comes out of JSON
			if err := json.Unmarshal(data, &e.Data); err != nil {
				t.Fatal(err)
			}
			for k := range n {
				if k != i {
					s.sent[k] = append(s.sent[k], e)
				}
			}
		}
		s.all = append(s.all, coder)
	}
	return s
}

// arrive has what is on its way to a process heard there, up to so many events.
func (s *ships) arrive(to, n int) {
	for ; n > 0 && len(s.sent[to]) > 0; n-- {
		e := s.sent[to][0]
		s.sent[to] = s.sent[to][1:]
		s.all[to].Heard(e, func(e events.Event) { s.shown[to] = append(s.shown[to], e) })
	}
}

func (s *ships) arriveAll() {
	for i := range s.all {
		s.arrive(i, len(s.sent[i]))
	}
}

// begin has a process work on a chunk, and returns what tells of its command, and what
// ends the task.
func (s *ships) begin(in, chunk int) (tell func(percent, speed float64), end func()) {
	s.tasks++
	w := &work{
		record: s.r, task: &jobs.Task{Job: jobs.Job{ID: s.tasks}}, args: args{Transcode: "a"},
		upload: &metadata.Upload{ID: "a", Version: 1, Owner: "ann"},
	}
	s.all[in].enter(w)
	follow := s.all[in].follow(w, partVideo(chunk))
	return func(percent, speed float64) { follow(ffmpeg.Progress{Percent: percent, Speed: speed}) }, func() { s.all[in].leave(w) }
}

// status is what a process says.
func (s *ships) status(in int) *Status {
	is := &Status{ID: "a", State: Running}
	s.all[in].measureUp(is, s.r)
	return is
}

// said is what is told of a Status in a test.
type said struct{ Percent, Rung, Speed float64 }

func (s *ships) want(when string, want said) {
	s.t.Helper()
	for i := range s.all {
		is := s.status(i)
		if d := cmp.Diff(want, said{is.Percent, is.Rungs[0].Percent, is.Speed}); d != "" {
			s.t.Errorf("%s, process %d (-want +got):\n%s", when, i, d)
		}
	}
}

func TestEachProcessSaysTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fleetOf(t, 3, 4)
		s.want("nothing is told", said{})
		one, endOne := s.begin(0, 0)
		two, endTwo := s.begin(1, 1)
		one(40, 1.5)
		s.arriveAll()
		s.want("one works", said{10, 10, 1.5})
		two(80, 2)
		s.arriveAll()
		s.want("two work", said{30, 30, 3.5})

		two(100, 0)
		s.arriveAll()
		s.r.Parts["v1"] = "2.0"
		endTwo()
		three, endThree := s.begin(1, 2)
		three(0, 0)
		s.arriveAll()
		s.want("one of them has begun another chunk", said{35, 35, 1.5})
		delete(s.r.Parts, "v1") // who reads what was so a moment ago
		s.want("what is done is not in the record yet", said{35, 35, 1.5})
		s.r.Parts["v1"] = "2.0"

		three(50, 2.25)
		s.arriveAll()
		s.want("both work again", said{47.5, 47.5, 3.75})
		endThree() // it broke off
		s.arriveAll()
		s.want("a command has broken off", said{47.5, 47.5, 1.5})
		endOne()
		s.arriveAll()
		s.want("none works", said{47.5, 47.5, 0})
	})
}

// TestAFleetGoesOnlyForward has three processes encode ten chunks, in random order of all
// that can come in another: what each says, and shows, and in which record it reads that.
func TestAFleetGoesOnlyForward(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) { drift(t, rand.New(rand.NewPCG(seed, 1))) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func drift(t *testing.T, dice *rand.Rand) {
	const chunks, processes = 10, 3
	s := fleetOf(t, processes, chunks)
	type command struct {
		chunk   int
		percent float64
		tell    func(percent, speed float64)
		end     func()
	}
	best := make([]float64, processes)
	check := func(in int, percent float64) {
		if percent < best[in] || percent > 100 {
			t.Errorf("process %d says %v %% after %v %%", in, percent, best[in])
		}
		best[in] = percent
	}
	running, next := make([]*command, processes), []int{}
	for c := range chunks {
		next = append(next, c)
	}
	for done := 0; done < chunks && !t.Failed(); {
		time.Sleep(time.Duration(dice.IntN(500)) * time.Millisecond)
		in := dice.IntN(processes)
		c := running[in]
		switch {
		case dice.IntN(2) == 0:
			s.arrive(in, dice.IntN(5))
		case c == nil && len(next) > 0:
			c = &command{chunk: next[0]}
			next = next[1:]
			c.tell, c.end = s.begin(in, c.chunk)
			running[in] = c
		case c == nil:
		case dice.IntN(50) == 0: // it breaks off
			c.end()
			next, running[in] = append(next, c.chunk), nil
		case c.percent < 100:
			c.percent = min(100, c.percent+30*dice.Float64())
			c.tell(c.percent, 1)
		default:
			parts := map[string]string{partVideo(c.chunk): "1.0"}
			maps.Copy(parts, s.r.Parts)
			now := *s.r
			now.Parts = parts
			s.r = &now
			for i, other := range running {
				if other != nil {
					s.all[i].saw("a", 1, s.r)
				}
			}
			c.end()
			running[in] = nil
			done++
		}
		for i := range s.all {
			for _, e := range s.shown[i] {
				check(i, e.Data["percent"].(float64))
			}
			s.shown[i] = nil
		}
		in = dice.IntN(processes)
		check(in, s.status(in).Percent)
	}
	s.arriveAll()
	s.want("all is done", said{100, 100, 0})
}

func TestTheTimeLeftIsThatOfWhoWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fleetOf(t, 2, 4)
		time.Sleep(time.Hour) // in which nothing was done
		tell, end := s.begin(0, 0)
		for i := range 40 { // half of a percent in a second
			tell(float64(i)/2, 1)
			s.arriveAll()
			time.Sleep(time.Second)
		}
		if one, two := s.status(0).Left, s.status(1).Left; one < 700 || one > 800 || math.Abs(one-two) > 40 {
			t.Errorf("one says %v seconds, the other %v", one, two)
		}
		end()
	})
}

func TestWhoIsSilentIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fleetOf(t, 2, 2)
		tell, _ := s.begin(0, 0)
		tell(50, 2)
		s.arriveAll()
		s.want("it works", said{25, 25, 2})
		time.Sleep(silentFor)
		if is := s.status(1); is.Percent != 25 || is.Speed != 0 {
			t.Errorf("of who is silent it says %v %%, %v times as fast", is.Percent, is.Speed)
		}
		again, end := s.begin(1, 0) // from its beginning
		again(10, 3)
		if is := s.status(1); is.Percent != 25 || is.Speed != 3 {
			t.Errorf("of what is done again it says %v %%, %v times as fast", is.Percent, is.Speed)
		}
		again(60, 3)
		if is := s.status(1); is.Percent != 30 {
			t.Errorf("when it has come further it says %v %%", is.Percent)
		}
		end()
		time.Sleep(keptFor)
		s.all[1].mu.Lock()
		s.all[1].following("b")
		_, known := s.all[1].followed["a"]
		s.all[1].mu.Unlock()
		if known {
			t.Error("it is known for ever")
		}
	})
}

func TestNothingIsToldOfWhatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fleetOf(t, 3, 2)
		tell, end := s.begin(0, 0)
		tell(50, 2)
		s.arriveAll()
		for i, kind := range []events.Type{events.TranscodeProgress, events.TranscodeCanceled} {
			tell(float64(60+i), 2) // which arrives when it is over
			s.shown[1] = nil
			s.all[1].Seen(events.Event{ID: 1, Type: kind, Data: map[string]any{"transcode": "a"}})
			s.arrive(1, 1)
			if shown := len(s.shown[1]); shown != 1-i {
				t.Errorf("after %s it shows %d events", kind, shown)
			}
		}
		s.shown[0] = nil
		s.all[0].Seen(events.Event{ID: 1, Type: events.TranscodeCanceled, Data: map[string]any{"transcode": "a"}})
		tell(70, 2)
		end()
		if len(s.shown[0]) > 0 {
			t.Errorf("who worked on it tells %v", s.shown[0])
		}
		is := &Status{ID: "a", State: Canceled}
		if s.all[2].measureUp(is, s.r); is.Speed != 0 {
			t.Errorf("a process that has heard of no end says it is %v times as fast", is.Speed)
		}
		time.Sleep(silentFor)
		s.all[1].mu.Lock()
		defer s.all[1].mu.Unlock()
		if s.all[1].forgetSilent(); len(s.all[1].followed) > 0 {
			t.Error("it is known for ever")
		}
	})
}

func TestAFleetMayHaveAnyNumberOfTranscodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fleetOf(t, 2, 2)
		tell, end := s.begin(0, 0)
		defer end()
		tell(50, 1)
		e := s.sent[1][0]
		shown := 0
		hear := func(n int) {
			for i := range n {
				e.Data = map[string]any{"transcode": fmt.Sprint(time.Now().Unix(), i), "percent": 1.0}
				s.all[1].Heard(e, func(events.Event) { shown++ })
			}
		}
		hear(2 * maxHeard)
		if n := len(s.all[1].followed); n != maxHeard || shown != 2*maxHeard {
			t.Errorf("it knows %d, and has shown %d", n, shown)
		}
		time.Sleep(keptFor)
		if hear(1); len(s.all[1].followed) != 1 {
			t.Errorf("when they are silent it knows %d", len(s.all[1].followed))
		}
	})
}

func TestWhatIsNoneOfOursIsShownAsItIs(t *testing.T) {
	for name, e := range map[string]events.Event{
		"another event":          {Type: events.UploadProgress, Data: map[string]any{"offset": 1.0}},
		"of no transcode":        {Type: events.TranscodeProgress, Aside: json.RawMessage(`{"from":"x"}`)},
		"of an older release":    {Type: events.TranscodeProgress, Data: map[string]any{"transcode": "a", "percent": 5.0}},
		"with something else":    {Type: events.TranscodeProgress, Data: map[string]any{"transcode": "a"}, Aside: json.RawMessage(`[1]`)},
		"with rungs of one sort": {Type: events.TranscodeProgress, Data: map[string]any{"transcode": "a", "rungs": 1.0}, Aside: json.RawMessage(`{"from":"x"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			coder, shown := &Transcoder{id: "0", followed: map[string]*followed{}}, []events.Event{}
			coder.Heard(e, func(e events.Event) { shown = append(shown, e) })
			if d := cmp.Diff([]events.Event{e}, shown); d != "" {
				t.Errorf("(-told +shown):\n%s", d)
			}
		})
	}
}
