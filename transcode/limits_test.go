package transcode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

func TestWhatLastsTooLongIsNotTranscoded(t *testing.T) {
	cases := []struct {
		name   string
		limits func(o *houseOptions)
		state  metadata.State
		parts  bool // something is made of it
	}{
		{"it is short enough", func(o *houseOptions) { o.MaxDuration, o.inspected = 5*time.Second, 5*time.Second }, metadata.Ready, true},
		{"ffprobe says so, and nothing is made", func(o *houseOptions) { o.MaxDuration = time.Second }, metadata.Failed, false},
		{"what was made says so", func(o *houseOptions) { o.inspected = time.Second }, metadata.Failed, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := smallOptions()
			c.limits(&o)
			h := newHouse(t, t.TempDir(), o)
			id := h.send(foreignFilm(t), "").ID
			h.until("all tasks end", h.idle)
			a := h.asset(id)
			if a.State != c.state || (a.State == metadata.Failed) != strings.Contains(a.Error, "it lasts 3s") {
				t.Errorf("it is %s: %s", a.State, a.Error)
			}
			if made := strings.Contains(h.transcodes(id)[0].Metadata["record"], `"plan"`); made != c.parts {
				t.Errorf("something is made of it: %v", made)
			}
		})
	}
}

func TestNothingPlaysEarlyWhereItMustNot(t *testing.T) {
	p := newHeld(t)
	o := heldOptions(p)
	o.NoEarlyPlay = true
	h := newHouse(t, t.TempDir(), o)
	id := h.send(longFilm(t), "").ID
	p.go1 <- struct{}{}
	h.until("the first chunk is there", func() bool { return h.transcodes(id)[0].Offset > 0 })
	if a := h.asset(id); a.Playable || a.Growth != "" {
		t.Errorf("it plays: %+v", a)
	}
	for range 20 {
		p.go1 <- struct{}{}
	}
	if a := h.over(id); a.State != metadata.Ready || !a.Playable {
		t.Errorf("%+v", a)
	}
}
