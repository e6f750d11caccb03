package transcode_test

import (
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/settle"
)

// TestTheFileAsItCameStaysUntilTheLadderIsMade settles what plays of it meanwhile.
func TestTheFileAsItCameStaysUntilTheLadderIsMade(t *testing.T) {
	cases := []struct {
		name, file, make string
		chunks           int // that are encoded before it is ready
	}{
		{"of one in another container", "film.ts", lasting(movingPicture+tone, "31") + "-c:v libx264 -preset ultrafast -g 50 -c:a aac", 0},
		{"of one that is encoded", "film.avi", lasting(movingPicture+tone, "10") + "-c:v mpeg4 -q:v 9 -g 50 -c:a mp3", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newHeld(t)
			h := newHouse(t, t.TempDir(), heldOptions(p))
			s, err := settle.New(h.files, h.meta, &settle.Options{Originals: settle.Drop, Grace: time.Nanosecond, Reserve: -1, Needed: h.coder.Needs})
			if err != nil {
				t.Fatal(err)
			}
			for range c.chunks {
				p.go1 <- struct{}{}
			}
			id := h.send(makeFilm(t, c.file, c.make), "").ID
			h.until("it plays and the rest is encoded", func() bool {
				return h.asset(id).State == metadata.Ready && p.waiting() == c.chunks+1
			})
			came := h.asset(id).Kept()
			if err := s.Settle(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if a := h.asset(id); a.Settling.State != metadata.Settled || a.Kept() != came {
				t.Fatalf("%+v", a.Settling)
			}
			for range 10 {
				p.go1 <- struct{}{}
			}
			if a := h.over(id); len(a.Renditions) != 2 {
				t.Errorf("%+v", a.Renditions)
			}
			if err := s.Settle(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if a := h.asset(id); a.Kept() != "" {
				t.Errorf("it was not dropped: %+v", a.Settling)
			}
		})
	}
}
