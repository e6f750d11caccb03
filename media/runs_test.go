package media

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestRunsTellWhatSamplesTell prepares made-up tracks with all kinds of edits twice:
// by runs, and sample by sample.
func TestRunsTellWhatSamplesTell(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	byRuns := 0
	for round := range 3000 {
		track := testTrack{handler: "vide", timescale: 1000}
		if round%2 == 0 {
			track.handler = "soun"
		}
		duration, shift := 100*random.IntN(4), 0
		for i := range 1 + random.IntN(12) {
			if random.IntN(4) == 0 {
				duration = 100 * random.IntN(4)
			}
			if random.IntN(3) == 0 {
				shift = 50 * (random.IntN(9) - 2)
			}
			track.samples = append(track.samples, testSample{size: 5, duration: uint32(duration), shift: int32(shift), delta: i > 0 && random.IntN(3) > 0})
		}
		for range random.IntN(3) {
			track.edits = append(track.edits, edit{uint64(random.IntN(10) * 100), int64(50*random.IntN(20) - 1)})
		}
		file := progressive(track)
		p, err := openMP4(newSource(t.Context(), bytes.NewReader(file), int64(len(file))), Cut{Target: 1})
		if err != nil {
			t.Fatal(err)
		}
		c := p.video
		if c == nil {
			c = p.audio[0]
		}
		scale := int64(1 + round%3)
		fast, err := p.presenter(c, scale)
		if err != nil {
			t.Fatal(err)
		}
		slow := *fast
		slow.samples, slow.surveys, slow.count = struct{ samples }{fast.samples}, nil, 0
		slow.spans = c.trak.spans(p.timescale, scale)
		if err := slow.prepare(); err != nil {
			t.Fatal(err)
		}
		all := cmp.AllowUnexported(presenter{}, span{}, survey{}, hidden{}, early{})
		if d := cmp.Diff(&slow, fast, all, cmpopts.IgnoreFields(presenter{}, "samples"), cmpopts.IgnoreFields(survey{}, "unit", "resumeAt")); d != "" {
			t.Fatalf("round %d, %+v:\n%s", round, track, d)
		}
		if ok, err := fast.tally(); ok && err == nil {
			byRuns++
		}
	}
	if byRuns < 1000 {
		t.Errorf("runs told of %d of 3000 tracks", byRuns)
	}
}
