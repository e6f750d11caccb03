package media

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSamplesAreReadFromEveryFormOfTable(t *testing.T) {
	samples := []testSample{{size: 3, duration: 10}, {size: 7, duration: 20, delta: true}, {size: 5, duration: 10, delta: true}, {size: 2, duration: 10}}
	want := []timed{
		{mdatStart, 0, 0, 10, true},
		{mdatStart + 3, 10, 10, 20, false},
		{mdatStart + 10, 30, 30, 10, false},
		{mdatStart + 15, 40, 40, 10, true},
	}
	for name, track := range map[string]testTrack{
		"sizes of 32 bits":         {},
		"sizes of 16 bits":         {sizes: "stz2/16"},
		"sizes of 8 bits":          {sizes: "stz2/8"},
		"sizes of 4 bits":          {sizes: "stz2/4"},
		"64-bit chunk offsets":     {wide: true},
		"two samples to a chunk":   {perChunk: 2},
		"three samples to a chunk": {perChunk: 3},
		"all samples in one chunk": {perChunk: 4},
	} {
		t.Run(name, func(t *testing.T) {
			track.handler, track.timescale, track.samples = "vide", 100, samples
			if diff := cmp.Diff(want, presented(t, parse(t, progressive(track)), 0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSamplesOfOneSize(t *testing.T) {
	ix := parse(t, progressive(testTrack{handler: "soun", timescale: 48000, sizes: "fixed", samples: []testSample{{size: 4, duration: 1024}, {size: 4, duration: 1024}}}))
	want := []timed{{mdatStart, 0, 0, 1024, true}, {mdatStart + 4, 1024, 1024, 1024, true}}
	if diff := cmp.Diff(want, presented(t, ix, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsRefusedAndWhy(t *testing.T) {
	video := testTrack{handler: "vide", timescale: 100, samples: gops(1, 4)}
	whole := progressive(video)
	with := func(f func(*testTrack)) []byte {
		c := video
		f(&c)
		return progressive(c)
	}
	for _, c := range []struct {
		name, says string
		file       []byte
		want       error
	}{
		{"an empty file", "empty", nil, ErrNoMedia},
		{"text", "not audio or video", []byte(strings.Repeat("hello, world\n", 100)), ErrInvalid},
		{"a file cut before its moov box", "no moov box", whole[:44], ErrInvalid},
		{"a file cut in its moov box", "are there: the file is truncated or damaged", whole[:len(whole)-10], ErrInvalid},
		{"samples beyond the end", "truncated", bytes.Replace(whole, b32(0, 4, 24, 29), b32(0, 4, 24, 1<<20), 1), ErrInvalid},
		{"a timescale of zero", "timescale", with(func(t *testTrack) { t.timescale = 0 }), ErrInvalid},
		{"encrypted video", "encrypted", with(func(t *testTrack) { t.entry = makeBox("encv", make([]byte, 100)) }), ErrEncrypted},
		{"a codec that HLS cannot carry", "ProRes", with(func(t *testTrack) { t.entry = makeBox("apcn", make([]byte, 100)) }), ErrUnsupported},
		{"H.264 without its configuration", "avcC", with(func(t *testTrack) { t.entry = makeBox("avc1", make([]byte, 78)) }), ErrInvalid},
		{"subtitles alone", "no audio or video", with(func(t *testTrack) { t.handler = "text" }), ErrNoMedia},
		{"pictures that move", "a sequence of pictures", with(func(t *testTrack) { t.handler = "pict" }), ErrUnsupported},
		{"a picture", "this is a picture (JPEG)", append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), make([]byte, 64)...), ErrInvalid},
		{"a track without samples", "no audio or video", with(func(t *testTrack) { t.samples = nil }), ErrNoMedia},
		{"a container of others", "video/x-msvideo", append([]byte("RIFF\x24\x00\x00\x00AVI LIST"), make([]byte, 64)...), ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(context.Background(), bytes.NewReader(c.file), int64(len(c.file)), nil)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v that says %q", err, c.want, c.says)
			}
		})
	}
}

func TestEveryTruncationIsRefusedOrComplete(t *testing.T) {
	whole := progressive(testTrack{handler: "vide", timescale: 100, samples: gops(2, 3)})
	for n := range len(whole) {
		ix, err := Parse(context.Background(), bytes.NewReader(whole[:n]), int64(n), nil)
		if err == nil {
			t.Fatalf("the first %d of %d bytes are taken for %v", n, len(whole), ix)
		}
	}
}

func TestASizeBeyondTheFileIsAnError(t *testing.T) {
	whole := progressive(testTrack{handler: "vide", timescale: 100, samples: gops(2, 3)})
	if _, err := Parse(context.Background(), bytes.NewReader(whole), int64(len(whole))+100, nil); err == nil {
		t.Error("no error")
	}
}

func TestAnEndedContextEndsParsing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	whole := progressive(testTrack{handler: "vide", timescale: 100, samples: gops(2, 3)})
	if _, err := Parse(ctx, bytes.NewReader(whole), int64(len(whole)), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTracksThatArePresented(t *testing.T) {
	video := testTrack{handler: "vide", timescale: 100, samples: gops(1, 4)}
	audio := testTrack{handler: "soun", timescale: 48000, samples: []testSample{{size: 4, duration: 1024}}}
	odd := func(t testTrack, kind string) testTrack {
		t.entry = makeBox(kind, make([]byte, 100))
		return t
	}
	text := testTrack{handler: "text", timescale: 100, samples: gops(1, 1)}
	for _, c := range []struct {
		name   string
		tracks []testTrack
		want   []int // ids; nil is ErrUnsupported
	}{
		{"video and two audio tracks", []testTrack{audio, video, audio}, []int{2, 1, 3}},
		{"one video of two", []testTrack{video, video}, []int{1}},
		{"the video that HLS can carry", []testTrack{odd(video, "jpeg"), video}, []int{2}},
		{"the audio that HLS can carry", []testTrack{video, odd(audio, "ac-4"), audio}, []int{1, 3}},
		{"no text", []testTrack{text, audio}, []int{2}},
		{"nothing without its sound", []testTrack{video, odd(audio, "ipcm")}, nil},
		{"nothing without its picture", []testTrack{odd(video, "vp08"), audio}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := progressive(c.tracks...)
			ix, err := Parse(context.Background(), bytes.NewReader(file), int64(len(file)), nil)
			if c.want == nil {
				if !errors.Is(err, ErrUnsupported) {
					t.Errorf("got %v, want ErrUnsupported", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, tr := range ix.Tracks {
				got = append(got, tr.ID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
