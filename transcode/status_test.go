package transcode

import (
	"math"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

func TestPercentIsOfAllTheWork(t *testing.T) {
	rungs := []rung{{Name: "240p", State: metadata.Processing}, {Name: "360p", State: metadata.Processing}}
	for name, c := range map[string]struct {
		r    record
		want float64
	}{
		"nothing is planned": {record{}, 0},
		"another container is there, and no rung is cut yet":    {record{Carry: Remuxed, Rungs: rungs, Parts: map[string]string{partRemux: "1.1"}}, 0.1},
		"another container is there, and there are no rungs":    {record{Carry: Remuxed, Planned: true, Parts: map[string]string{partRemux: "1.1"}}, 100},
		"another container is there, and one chunk of three":    {record{Carry: Remuxed, Planned: true, Rungs: rungs, Chunks: 3, Parts: map[string]string{partRemux: "1.1", "v0": "2.1"}}, 50},
		"all sound counts as one chunk, in as many streams":     {record{Carry: Encoded, Planned: true, Rungs: rungs, Chunks: 1, Sounds: []int{1, 2}, Parts: map[string]string{"a1": "1.1"}}, 25},
		"what plays as it came, and half of its rungs' chunks":  {record{Carry: AsItCame, Planned: true, Rungs: rungs, Chunks: 2, Parts: map[string]string{"v1": "1.1"}}, 50},
		"a rung that has failed leaves the others' share alone": {record{Carry: AsItCame, Planned: true, Rungs: []rung{{Name: "240p", State: metadata.Failed}, rungs[1]}, Chunks: 4, Parts: map[string]string{"v0": "1.1"}}, 25},
	} {
		t.Run(name, func(t *testing.T) {
			c.r.Began = time.Now().Add(-time.Minute)
			s := &Status{State: Running}
			(&Transcoder{}).measureUp(s, &c.r)
			if s.Percent != c.want || s.Left > 0 != (c.want > 1 && c.want < 100) {
				t.Errorf("%g, want %g; %g seconds left", s.Percent, c.want, s.Left)
			}
		})
	}
}

func TestWhatIsToldIsRound(t *testing.T) {
	parts := map[string]string{}
	for c := range 2999 {
		parts[partVideo(c)] = "1.1"
	}
	r := record{
		Carry: AsItCame, Planned: true, Rungs: []rung{{Name: "240p", State: metadata.Processing}}, Chunks: 3000, Parts: parts,
		Began: time.Now().Add(-time.Hour),
	}
	coder := &Transcoder{followed: map[string]*followed{"a": {parts: map[string]progress{partVideo(2999): {99, 1.23456, "2.1"}}}}}
	s := &Status{ID: "a", State: Running}
	coder.measureUp(s, &r)
	if s.Percent != 99.9 || s.Rungs[0].Percent != 99.9 || s.Speed != 1.23 {
		t.Errorf("%v %%, its rung %v %%, %v times as fast", s.Percent, s.Rungs[0].Percent, s.Speed)
	}
	for c := range 2000 {
		delete(parts, partVideo(c))
	}
	delete(coder.followed, "a") // of another one, of which nothing was said
	s = &Status{ID: "a", State: Running}
	coder.measureUp(s, &r)
	if s.Percent != 33.3 || s.Rungs[0].Percent != 33.3 || s.Left != math.Round(s.Left) || s.Left < 7000 {
		t.Errorf("%v %%, its rung %v %%, %v seconds left", s.Percent, s.Rungs[0].Percent, s.Left)
	}
}

// Sound is made beside the picture, and many times as fast.
func TestTheSpeedIsThatOfThePicture(t *testing.T) {
	for name, c := range map[string]struct {
		speeds map[string]float64 // by part
		want   float64
	}{
		"two chunks and sound":            {map[string]float64{partVideo(0): 1, partVideo(1): 2, "a1": 30}, 3},
		"the first in its other rungs":    {map[string]float64{partFirst: 4, partVideo(1): 2}, 2},
		"the first in the smallest, only": {map[string]float64{partFirst: 4, "a1": 30}, 4},
		"two streams of sound alone":      {map[string]float64{"a1": 30, "a2": 20}, 25},
		"none":                            {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			parts := map[string]progress{}
			for part, speed := range c.speeds {
				parts[part] = progress{10, speed, "1.1"}
			}
			coder, s := &Transcoder{followed: map[string]*followed{"a": {parts: parts}}}, &Status{ID: "a", State: Running}
			coder.measureUp(s, &record{Carry: Encoded, Planned: true, Chunks: 2, Sounds: []int{1, 2}, Began: time.Now()})
			if s.Speed != c.want {
				t.Errorf("%g, want %g", s.Speed, c.want)
			}
		})
	}
}

func TestThePaceIsThatOfTheLastMinute(t *testing.T) {
	coder, at := &Transcoder{followed: map[string]*followed{"a": {runs: map[string]bool{"1.1": true}}}}, time.Now()
	done := 100.0
	tell := func(seconds int, each float64) (pace float64) {
		for range seconds {
			at, done = at.Add(time.Second), done+each
			pace = coder.pace("a", at, done)
		}
		return pace
	}
	if p := coder.pace("b", at, done); p != 0 {
		t.Errorf("of one on which nobody works: %v", p)
	}
	if p := tell(10, 1); p != 0 {
		t.Errorf("of ten seconds: %v", p)
	}
	if p := tell(600, 0.5); p != 0.5 {
		t.Errorf("of ten minutes: %v", p)
	}
	if p := tell(120, 0.25); p != 0.25 {
		t.Errorf("once it is slower: %v", p)
	}
	if p := tell(120, 0); p != 0 {
		t.Errorf("once it stands still: %v", p)
	}
	if n := len(coder.followed["a"].stages); n > 15 {
		t.Errorf("%d stages are kept", n)
	}
}
