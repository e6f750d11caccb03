package media

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ibbp is a group of pictures in decode order: I P B B, ten ticks each, shown
// I B B P from 20 ticks after the first is decoded.
var ibbp = []testSample{
	{size: 5, duration: 10, shift: 20},
	{size: 5, duration: 10, shift: 40, delta: true},
	{size: 5, duration: 10, shift: 10, delta: true},
	{size: 5, duration: 10, shift: 10, delta: true},
}

func twice(list []testSample) []testSample {
	return append(append([]testSample(nil), list...), list...)
}

func present(list []timed) []int64 {
	var at []int64
	for _, s := range list {
		at = append(at, s.Present)
	}
	return at
}

func TestEditListsOfVideo(t *testing.T) {
	for _, c := range []struct {
		name  string
		edits []edit // durations in milliseconds, times in ticks of 1/100 s
		scale uint32
		want  []int64 // presentation times, decode order
	}{
		{"without one, the presentation begins with its first picture", nil, 100, []int64{0, 30, 10, 20, 40, 70, 50, 60}},
		{"one that takes the reorder delay away says the same", []edit{{800, 20}}, 100, []int64{0, 30, 10, 20, 40, 70, 50, 60}},
		{"a delay that all tracks share is none", []edit{{500, -1}, {800, 20}}, 100, []int64{0, 30, 10, 20, 40, 70, 50, 60}},
		{"a cut at a sync sample drops what is before", []edit{{400, 60}}, 100, []int64{0, 30, 10, 20}},
		{"a cut at the end drops what is after", []edit{{400, 20}}, 100, []int64{0, 30, 10, 20}},
		{"a picture that the end falls into stays", []edit{{410, 20}}, 100, []int64{0, 30, 10, 20, 40}},
		{"duration zero is all that follows", []edit{{0, 60}}, 100, []int64{0, 30, 10, 20}},
		{"edits that follow each other are one", []edit{{400, 20}, {400, 60}}, 100, []int64{0, 30, 10, 20, 40, 70, 50, 60}},
		{"a list that shows nothing is none", []edit{{800, 5000}}, 100, []int64{0, 30, 10, 20, 40, 70, 50, 60}},
		{"a list of nothing but a delay is none", []edit{{800, -1}}, 100, []int64{0, 30, 10, 20, 40, 70, 50, 60}},
		{"what is shown twice is there twice", []edit{{400, 60}, {400, 60}}, 100, []int64{0, 30, 10, 20, 40, 70, 50, 60}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ix := parse(t, progressive(testTrack{handler: "vide", timescale: c.scale, samples: twice(ibbp), edits: c.edits}))
			if diff := cmp.Diff(c.want, present(presented(t, ix, 0))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACutWithinAGroupOfPicturesHidesWhatItNeeds(t *testing.T) {
	// The edit begins with the second picture shown (the first B): I, shown
	// before, is decoded for it and squeezed into a 400th of a picture's time.
	ix := parse(t, progressive(testTrack{handler: "vide", timescale: 100, samples: ibbp, edits: []edit{{300, 30}}}))
	scale := int64(ix.Tracks[0].Timescale / 100)
	if scale < 450 {
		t.Fatalf("the timescale stays coarse: %d", ix.Tracks[0].Timescale)
	}
	want := []int64{-10 * scale / 400, 20 * scale, 0, 10 * scale}
	if diff := cmp.Diff(want, present(presented(t, ix, 0))); diff != "" {
		t.Error(diff)
	}
	if got := ix.Duration; got != 0.3 {
		t.Errorf("it lasts %v s, want 0.3", got)
	}
	if lead := ix.Tracks[0].Origin; lead > uint64(30*scale) {
		t.Errorf("decoding begins %d ticks early", lead)
	}
}

func TestDecodingNeverGoesBackAndNothingShowsBeforeItIsDecoded(t *testing.T) {
	lists := map[string][]edit{
		"none": nil, "a cut within": {{300, 30}}, "backwards": {{400, 60}, {400, 20}},
		"again and again": {{100, 20}, {100, 20}, {200, 30}, {100, 90}},
		"with gaps":       {{100, 20}, {500, -1}, {200, 50}},
	}
	for name, edits := range lists {
		t.Run(name, func(t *testing.T) {
			ix := parse(t, progressive(testTrack{handler: "vide", timescale: 100, samples: twice(ibbp), edits: edits}))
			origin := int64(ix.Tracks[0].Origin)
			last := -origin
			for i, s := range presented(t, ix, 0) {
				if s.Decode < last || s.Present < s.Decode {
					t.Errorf("sample %d is decoded at %d, after %d, and shown at %d", i, s.Decode, last, s.Present)
				}
				last = s.Decode
			}
		})
	}
}

func packets(n int) []testSample {
	var list []testSample
	for range n {
		list = append(list, testSample{size: 4, duration: 1024})
	}
	return list
}

func TestEditListsOfAudio(t *testing.T) {
	for _, c := range []struct {
		name        string
		edits       []edit
		count       int
		first       int64 // presentation time of the first packet
		firstOffset int64 // in packets
		duration    float64
	}{
		{"without one, all is heard", nil, 100, 0, 0, 100 * 1024 / 48000.},
		{"of a priming only the packet is kept that is heard in part", []edit{{2000, 2112}}, 94, -64, 2, 2},
		{"of a cut nothing is kept before it", []edit{{1000, 48000}}, 47 + 1, 46*1024 - 48000, 46, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ix := parse(t, progressive(testTrack{handler: "soun", timescale: 48000, samples: packets(100), edits: c.edits, noSync: true}))
			got := presented(t, ix, 0)
			if len(got) != c.count || got[0].Present != c.first || got[0].Offset != mdatStart+4*c.firstOffset {
				t.Errorf("%d packets, the first at %d from byte %d; want %d at %d from %d",
					len(got), got[0].Present, got[0].Offset, c.count, c.first, mdatStart+4*c.firstOffset)
			}
			if ix.Duration != c.duration {
				t.Errorf("it lasts %v s, want %v", ix.Duration, c.duration)
			}
		})
	}
}

func TestTracksStayInStep(t *testing.T) {
	// A reorder delay of 20/100 s on the video and a priming of 1024/48000 s on
	// the audio; the audio is to be heard 0.1 s after the video is seen.
	video := testTrack{handler: "vide", timescale: 100, samples: ibbp, edits: []edit{{400, 20}}}
	audio := testTrack{handler: "soun", timescale: 48000, samples: packets(20), edits: []edit{{100, -1}, {400, 1024}}}
	ix := parse(t, progressive(video, audio))
	v, a := ix.Tracks[0], ix.Tracks[1]
	if v.Origin*480 != a.Origin {
		t.Errorf("the origins are %d/100 and %d/48000 s", v.Origin, a.Origin)
	}
	if got := presented(t, ix, 0)[0].Present; got != 0 {
		t.Errorf("the video begins at %d/100 s, want 0", got)
	}
	if got := presented(t, ix, 1)[0].Present; got != 4800 {
		t.Errorf("the audio begins at %d/48000 s, want 4800", got)
	}
	for _, tr := range ix.Tracks {
		if tr.Segments[0].Decode > 1<<32 {
			t.Errorf("%s is decoded from %d", tr.Kind, tr.Segments[0].Decode)
		}
	}
}

func TestClocksWithLittleInCommonDoNotMakeALongWait(t *testing.T) {
	video := testTrack{handler: "vide", timescale: 29917, samples: []testSample{{size: 5, duration: 1000, shift: 2000}}, edits: []edit{{33, 2000}}}
	audio := testTrack{handler: "soun", timescale: 44100, samples: packets(3), edits: []edit{{40, 1024}}}
	for _, tr := range parse(t, progressive(video, audio)).Tracks {
		if lead := float64(tr.Origin) / float64(tr.Timescale); lead > 0.07 {
			t.Errorf("%s begins after %.3f s", tr.Kind, lead)
		}
	}
}

func TestTimesBeyondAllReasonAreRefused(t *testing.T) {
	for name, track := range map[string]testTrack{
		"a picture that shows for a month":    {samples: []testSample{{size: 5, duration: 30 * 8640000}}},
		"a picture that begins after a month": {samples: ibbp, edits: []edit{{1 << 31, -1}, {1 << 31, -1}, {400, 20}}},
	} {
		t.Run(name, func(t *testing.T) {
			track.handler, track.timescale = "vide", 100
			sound := testTrack{handler: "soun", timescale: 48000, samples: packets(3)}
			file := progressive(track, sound)
			_, err := Parse(context.Background(), bytes.NewReader(file), int64(len(file)), nil)
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What is decoded before the first picture of a group shows is so at the last
// moment, so that a segment is decoded from when it shows; nothing else is moved.
func TestPicturesOfAGroupAreDecodedAtTheLastMoment(t *testing.T) {
	group := []testSample{
		{size: 5, duration: 1000, shift: 2000},
		{size: 5, duration: 1000, shift: 4000, delta: true},
		{size: 5, duration: 1000, shift: 1000, delta: true},
		{size: 5, duration: 1000, shift: 1000, delta: true},
	}
	for _, c := range []struct {
		name  string
		shift int // of every sample
	}{{"usual offsets", 0}, {"negative offsets", -2000}, {"more delay than is needed", 500}} {
		t.Run(c.name, func(t *testing.T) {
			list := slices.Clone(group)
			for i := range list {
				list[i].shift += int32(c.shift)
			}
			ix := parse(t, progressive(testTrack{handler: "vide", timescale: 1000, samples: twice(twice(list)), edits: []edit{{0, int64(2000 + c.shift)}}}))
			track := ix.Tracks[0]
			if track.Origin != 2 || !track.Layout.Steady || track.Layout.Duration != 1000 {
				t.Errorf("it begins at %d, %+v", track.Origin, track.Layout)
			}
			at := int64(track.Segments[0].Decode)
			for i, s := range presented(t, ix, 0) {
				want := int64(i-1) * 1000
				if i%4 == 0 {
					want = int64(i)*1000 - 2
				}
				if at-int64(track.Origin) != want || s.Present < want {
					t.Errorf("picture %d is decoded at %d and shows at %d, want %d", i, at-int64(track.Origin), s.Present, want)
				}
				at += int64(s.Duration)
			}
			for n, s := range track.Segments {
				if int64(s.Decode) != s.Start+int64(track.Origin)-2 {
					t.Errorf("segment %d is decoded from %d and shows from %d", n, s.Decode, s.Start)
				}
			}
		})
	}
}

// A picture that sets in later than the sound is decoded and shows from the beginning
// of the presentation; the next segments from when they would.
func TestAPictureThatIsLateIsDecodedFromTheBeginning(t *testing.T) {
	group := []testSample{
		{size: 5, duration: 1000, shift: 2000},
		{size: 5, duration: 1000, shift: 4000, delta: true},
		{size: 5, duration: 1000, shift: 1000, delta: true},
		{size: 5, duration: 1000, shift: 1000, delta: true},
	}
	intra := []testSample{{size: 5, duration: 4000}}
	sound := testTrack{handler: "soun", timescale: 1000, samples: twice(twice([]testSample{{size: 3, duration: 4000}}))}
	for _, c := range []struct {
		name    string
		samples []testSample
		edits   []edit
		want    []int64 // when segments are decoded
		starts  []int64
	}{
		{"in another order than they show", group, []edit{{700, -1}, {0, 2000}}, []int64{-2, 4700 - 2}, []int64{0, 4700}},
		{"in order", intra, []edit{{700, -1}, {0, 0}}, []int64{0, 4700}, []int64{0, 4700}},
		{"without an edit list", group, nil, []int64{-2, 6000 - 2}, []int64{0, 6000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ix := parse(t, progressive(testTrack{handler: "vide", timescale: 1000, samples: twice(twice(c.samples)), edits: c.edits}, sound))
			track := ix.Tracks[0]
			for n, want := range c.want {
				s := track.Segments[n]
				if got := int64(s.Decode) - int64(track.Origin); got != want || s.Start != c.starts[n] {
					t.Errorf("segment %d is decoded from %d and shows from %d, want %d and %d", n, got, s.Start, want, c.starts[n])
				}
			}
			if first := presented(t, ix, 0)[0]; first.Present != c.starts[0] {
				t.Errorf("the first picture shows at %d", first.Present)
			}
		})
	}
}

// Whatever the order in which pictures are decoded and shown, decoding never goes
// back, none shows before it is decoded, and all show when they did.
func TestPicturesInAnyOrderStayWhereTheyShow(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for round := range 200 {
		const ticks = 1000
		n, delay := 2+random.IntN(60), random.IntN(6)
		order := random.Perm(n) // of showing; each at most delay before its turn
		for i := range order {
			order[i] = i
		}
		for i := 0; i+1 < n; i++ {
			if j := i + random.IntN(delay+1); j < n {
				order[i], order[j] = order[j], order[i]
			}
		}
		late := 0
		for i, show := range order {
			late = max(late, i-show)
		}
		list := make([]testSample, n)
		var want []int64
		for i, show := range order {
			list[i] = testSample{size: 5, duration: ticks, shift: int32(show-i+late) * ticks, delta: i > 0 && random.IntN(7) > 0}
			want = append(want, int64(show)*ticks)
		}
		ix := parse(t, progressive(testTrack{handler: "vide", timescale: ticks, samples: list, edits: []edit{{0, int64(late) * ticks}}}))
		track := ix.Tracks[0]
		at := int64(track.Segments[0].Decode) - int64(track.Origin)
		for i, s := range presented(t, ix, 0) {
			if s.Present != want[i] || s.Present < at || s.Duration > uint32(n*ticks) {
				t.Fatalf("round %d: picture %d of %v shows at %d, decoded at %d for %d, want %d", round, i, order, s.Present, at, s.Duration, want[i])
			}
			at += int64(s.Duration)
		}
	}
}
