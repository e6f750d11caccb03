package transcode

import (
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
		"another container is there, and no rung is cut yet":    {record{Carry: Remuxed, Rungs: rungs, Parts: map[string]string{partRemux: "1.1"}}, 100.0 / 1001},
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
