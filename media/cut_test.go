package media

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lengths are the segments' durations in ticks.
func lengths(t *Track) []uint64 {
	var list []uint64
	for _, s := range t.Segments {
		list = append(list, s.Duration)
	}
	return list
}

func repeat(v uint64, n int) []uint64 {
	var list []uint64
	for range n {
		list = append(list, v)
	}
	return list
}

func TestVideoIsCutAtSyncSamples(t *testing.T) {
	for _, c := range []struct {
		name string
		gop  int // frames of a tenth of a second
		gops int
		want []uint64 // hundredths of a second
	}{
		{"groups of 2 s make segments of 6", 20, 9, repeat(600, 3)},
		{"groups of 4 s make segments of 4, which is nearer than 8", 40, 4, repeat(400, 4)},
		{"groups of 5 s make segments of 5", 50, 4, repeat(500, 4)},
		{"groups of 10 s make segments of 10", 100, 3, repeat(1000, 3)},
		{"a group that never ends is cut all the same", 900, 1, []uint64{6010, 2990}},
		{"single pictures make segments of 6", 1, 120, repeat(600, 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			ix := parse(t, progressive(testTrack{handler: "vide", timescale: 100, samples: gops(c.gops, c.gop)}))
			if diff := cmp.Diff(c.want, lengths(ix.Tracks[0])); diff != "" {
				t.Error(diff)
			}
			if got, want := ix.Tracks[0].Independent, c.gop < 900; got != want {
				t.Errorf("independent: %v", got)
			}
		})
	}
}

func TestOpenGroupsOfPicturesAreKnown(t *testing.T) {
	open := []testSample{{size: 5, duration: 10, shift: 20}, {size: 5, duration: 10, delta: true}}
	closed := []testSample{{size: 5, duration: 10, shift: 10}, {size: 5, duration: 10, shift: 10, delta: true}}
	for name, c := range map[string]struct {
		group []testSample
		want  bool
	}{"open": {open, true}, "closed": {closed, false}} {
		var samples []testSample
		for range 100 {
			samples = append(samples, c.group...)
		}
		v := parse(t, progressive(testTrack{handler: "vide", timescale: 100, samples: samples})).Tracks[0]
		if !v.Independent || v.Open != c.want {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestAudioIsCutWithTheVideo(t *testing.T) {
	video := testTrack{handler: "vide", timescale: 100, samples: gops(4, 50)}
	audio := testTrack{handler: "soun", timescale: 48000, samples: packets(938), noSync: true} // 20.01 s
	ix := parse(t, progressive(video, audio))
	v, a := ix.Tracks[0], ix.Tracks[1]
	if len(v.Segments) != len(a.Segments) {
		t.Fatalf("%d video segments, %d audio segments", len(v.Segments), len(a.Segments))
	}
	for i := range v.Segments {
		apart := float64(v.Segments[i].Start)/100 - float64(a.Segments[i].Start)/48000
		if apart > 0.0107 || apart < -0.0107 { // half a packet
			t.Errorf("segment %d begins %.4f s apart", i, apart)
		}
	}
}

func TestAudioIsCutWithinLongVideoSegments(t *testing.T) {
	video := testTrack{handler: "vide", timescale: 100, samples: gops(1, 240)}
	audio := testTrack{handler: "soun", timescale: 48000, samples: packets(1125), noSync: true} // 24 s
	ix := parse(t, progressive(video, audio))
	if got := len(ix.Tracks[1].Segments); got != 4 {
		t.Errorf("%d audio segments for one of video, want 4", got)
	}
}

func TestAudioAloneIsCutAtTheTarget(t *testing.T) {
	file := progressive(testTrack{handler: "soun", timescale: 48000, samples: packets(938), noSync: true})
	for target, want := range map[float64]int{6: 4, 2: 10, 10: 2, 60: 1, 1e-9: 938} {
		ix, err := Parse(context.Background(), bytes.NewReader(file), int64(len(file)), &Options{Cut: Cut{Target: target}})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(ix.Tracks[0].Segments); got != want {
			t.Errorf("a target of %v s makes %d segments, want %d", target, got, want)
		}
	}
}

func TestSegmentsJoinWithoutGaps(t *testing.T) {
	ix := parse(t, progressive(
		testTrack{handler: "vide", timescale: 100, samples: twice(twice(ibbp))},
		testTrack{handler: "soun", timescale: 48000, samples: packets(938), edits: []edit{{0, 1024}}, noSync: true}))
	for n, tr := range ix.Tracks {
		decode := tr.Segments[0].Decode
		for i, s := range tr.Segments {
			if s.Decode != decode {
				t.Errorf("track %d: segment %d is decoded from %d, want %d", n, i, s.Decode, decode)
			}
			if i > 0 && s.Start != tr.Segments[i-1].Start+int64(tr.Segments[i-1].Duration) {
				t.Errorf("track %d: segment %d does not begin where the one before ends", n, i)
			}
			samples, err := ix.Samples(nil, nil, n, i)
			if err != nil {
				t.Fatal(err)
			}
			bytes := int64(0)
			for _, x := range samples {
				decode, bytes = decode+uint64(x.Duration), bytes+int64(x.Size)
			}
			if bytes != s.Bytes || len(samples) != s.Samples {
				t.Errorf("track %d: segment %d has %d samples of %d bytes, and says %d of %d", n, i, len(samples), bytes, s.Samples, s.Bytes)
			}
		}
	}
}

func TestAudioThatOutlastsTheVideoIsCutAllTheSame(t *testing.T) {
	// One picture, and three minutes of sound.
	ix := parse(t, progressive(
		testTrack{handler: "vide", timescale: 100, samples: gops(1, 1)},
		testTrack{handler: "soun", timescale: 48000, samples: packets(8438), noSync: true}))
	got := lengths(ix.Tracks[1])
	if len(got) != 31 {
		t.Errorf("%d segments, want 31", len(got))
	}
	for i, length := range got {
		if length > 6*48000+1024 {
			t.Errorf("segment %d lasts %.2f s", i, float64(length)/48000)
		}
	}
}
