package media

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheFirstPictureIsThereWhenSoundBegins(t *testing.T) {
	for _, c := range []struct {
		name    string
		samples []testSample
		edits   []edit // of the picture; durations in milliseconds, times in ticks of 1/100 s
		sound   []edit
		held    int64   // seconds/100
		want    []int64 // when the pictures show, in decode order
	}{
		{"a picture in time is not touched", ibbp, []edit{{400, 20}}, nil, 0, []int64{0, 30, 10, 20}},
		{"a late picture is there from the beginning", ibbp, []edit{{500, -1}, {400, 20}}, nil, 50, []int64{0, 80, 60, 70}},
		{"one that an edit cuts to, with what it depends on", ibbp, []edit{{500, -1}, {300, 30}}, nil, 50, []int64{-1, 70, 0, 60}},
		{"one before which another is decoded that no longer shows", twice(ibbp), []edit{{500, -1}, {300, 51}}, nil, 50, []int64{-1, 0, -1, -1, 59, 89, 69, 79}},
		{"one that is later than a segment lasts stays there", ibbp, []edit{{7000, -1}, {400, 20}}, nil, 0, []int64{700, 730, 710, 720}},
		{"sound that is late, too, is what counts", ibbp, []edit{{500, -1}, {400, 20}}, []edit{{300, -1}, {5000, 0}}, 20, []int64{0, 50, 30, 40}},
		{"sound that begins within a packet begins with all of it", ibbp, []edit{{400, 20}}, []edit{{5000, 960}}, 2, []int64{0, 32, 12, 22}},
		{"unless what is cut off is little", ibbp, []edit{{400, 20}}, []edit{{5000, 480}}, 0, []int64{0, 30, 10, 20}},
		{"a single picture has no other to last until", ibbp[:1], []edit{{500, -1}, {100, 20}}, nil, 0, []int64{50}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := progressive(
				testTrack{handler: "vide", timescale: 100, samples: c.samples, edits: c.edits},
				testTrack{handler: "soun", timescale: 48000, samples: packets(500), edits: c.sound, noSync: true},
			)
			ix := parse(t, file)
			v, scale := ix.Tracks[0], int64(ix.Tracks[0].Timescale/100)
			got := present(presented(t, ix, 0))
			for i := range got {
				got[i] = floorDiv(got[i], scale)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if int64(v.Held) != c.held*scale {
				t.Errorf("it is held for %d ticks of 1/%d s, want %d/100 s", v.Held, v.Timescale, c.held)
			}
			if sound := presented(t, ix, 1); sound[0].Present > 0 || sound[0].Present < -480 || len(sound) < 200 {
				t.Errorf("%d packets of sound from %d on", len(sound), sound[0].Present)
			}
			staysAsItWas(t, file, ix)
		})
	}
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// staysAsItWas rewrites a file and compares how it is presented.
func staysAsItWas(t *testing.T, file []byte, ix *Index) {
	t.Helper()
	var out bytes.Buffer
	if _, err := Rewrite(t.Context(), &out, bytes.NewReader(file), ix); err != nil {
		t.Fatal(err)
	}
	again := parse(t, out.Bytes())
	if err := Compare(t.Context(), Presented{ix, bytes.NewReader(file)}, Presented{again, bytes.NewReader(out.Bytes())}); err != nil {
		t.Error(err)
	}
}

// A rate that is the same throughout is still told so: what is held is no change of it.
func TestAHeldPictureChangesNoRate(t *testing.T) {
	late := []edit{{500, -1}, {8000, 0}}
	sound := testTrack{handler: "soun", timescale: 48000, samples: packets(500), noSync: true}
	ix := parse(t, progressive(testTrack{handler: "vide", timescale: 100, samples: gops(8, 10), edits: late}, sound))
	if v := ix.Tracks[0]; v.FrameRate != 10 || !v.Layout.Steady || v.Layout.Duration != 10 || v.Duration != 850 {
		t.Errorf("%v frames a second, %+v, %d ticks", v.FrameRate, v.Layout, v.Duration)
	}
}

// How much a picture is held has to fit a fragment: a file with a fine clock plays as
// it says.
func TestWhatIsHeldFitsAFragment(t *testing.T) {
	const clock = 1_000_000_000
	var samples []testSample
	for range 20 {
		samples = append(samples, testSample{size: 5, duration: clock / 5})
	}
	sound := testTrack{handler: "soun", timescale: 48000, samples: packets(500), noSync: true}
	ix := parse(t, progressive(testTrack{handler: "vide", timescale: clock, samples: samples, edits: []edit{{5000, -1}, {4000, 0}}}, sound))
	if v := ix.Tracks[0]; v.Held != 0 || v.Segments[0].Start != 5*clock {
		t.Errorf("held for %d ticks, it shows from %d", v.Held, v.Segments[0].Start)
	}
}

// What was settled stays as it was then, however it is cut later.
func TestASettledFileIsNotHeldAgain(t *testing.T) {
	sound := testTrack{handler: "soun", timescale: 48000, samples: packets(800), noSync: true}
	file := progressive(testTrack{handler: "vide", timescale: 100, samples: gops(8, 10), edits: []edit{{7000, -1}, {8000, 0}}}, sound)
	var out bytes.Buffer
	if _, err := Rewrite(t.Context(), &out, bytes.NewReader(file), parse(t, file)); err != nil {
		t.Fatal(err)
	}
	again, err := Parse(t.Context(), bytes.NewReader(out.Bytes()), int64(out.Len()), &Options{Cut: Cut{Target: 10}})
	if err != nil {
		t.Fatal(err)
	}
	if v := again.Tracks[0]; v.Held != 0 || v.Segments[0].Start != 700 {
		t.Errorf("held for %d ticks, it shows from %d", v.Held, v.Segments[0].Start)
	}
}
