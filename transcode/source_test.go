package transcode_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

func TestSourceOf(t *testing.T) {
	film := func(change func(*ffmpeg.Video)) *ffmpeg.Source {
		v := ffmpeg.Video{
			Stream: ffmpeg.Stream{Index: 2, Codec: "h264", Start: 1100 * time.Millisecond}, Width: 720, Height: 576, SAR: ffmpeg.Ratio{Num: 16, Den: 11},
			PixelFormat: "yuv420p", Rate: ffmpeg.Ratio{Num: 25, Den: 1}, AverageRate: ffmpeg.Ratio{Num: 25, Den: 1}, BFrames: 2,
		}
		change(&v)
		return &ffmpeg.Source{Format: "mpegts", Start: time.Second, Duration: time.Minute, Video: []ffmpeg.Video{v}}
	}
	cases := []struct {
		name   string
		source *ffmpeg.Source
		want   transcode.Video // what differs
	}{
		{"times count from the beginning of the file", film(func(*ffmpeg.Video) {}), transcode.Video{Rate: transcode.Ratio{Num: 25, Den: 1}, Constant: true}},
		{
			"an average is off by what a count of frames is", film(func(v *ffmpeg.Video) { v.AverageRate = ffmpeg.Ratio{Num: 24970, Den: 1000} }),
			transcode.Video{Rate: transcode.Ratio{Num: 25, Den: 1}, Constant: true},
		},
		{
			"a rate that varies is the average", film(func(v *ffmpeg.Video) { v.AverageRate = ffmpeg.Ratio{Num: 17, Den: 1} }),
			transcode.Video{Rate: transcode.Ratio{Num: 17, Den: 1}},
		},
		{
			"an average beyond all timestamps is none", film(func(v *ffmpeg.Video) { v.AverageRate = ffmpeg.Ratio{Num: 1000, Den: 1} }),
			transcode.Video{Rate: transcode.Ratio{Num: 25, Den: 1}},
		},
		{
			"an average that is not known is the rate", film(func(v *ffmpeg.Video) { v.AverageRate = ffmpeg.Ratio{} }),
			transcode.Video{Rate: transcode.Ratio{Num: 25, Den: 1}},
		},
		{"a clock is no rate", film(func(v *ffmpeg.Video) { v.Rate, v.AverageRate = ffmpeg.Ratio{Num: 90000, Den: 1}, ffmpeg.Ratio{} }), transcode.Video{}},
		{
			"fields are half a frame", film(func(v *ffmpeg.Video) { v.Rate, v.Interlaced = ffmpeg.Ratio{Num: 50, Den: 1}, true }),
			transcode.Video{Rate: transcode.Ratio{Num: 50, Den: 2}, Constant: true, Interlaced: true},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := transcode.SourceOf(c.source, true)
			w := c.want
			w.Stream, w.Codec, w.PixelFormat, w.Width, w.Height, w.Aspect = 2, "h264", "yuv420p", 720, 576, transcode.Ratio{Num: 16, Den: 11}
			w.Reordered, w.Start, w.Range = true, 100*time.Millisecond, orSDR(w.Range)
			if diff := cmp.Diff(transcode.Source{Format: "mpegts", Start: time.Second, Duration: time.Minute, Video: &w, Plays: true}, got); diff != "" {
				t.Errorf("the source (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSourceOfSeveralStreams(t *testing.T) {
	f := &ffmpeg.Source{
		Video: []ffmpeg.Video{{Stream: ffmpeg.Stream{Index: 0, Codec: "h264"}}, {Stream: ffmpeg.Stream{Index: 1, Codec: "hevc", Default: true}, Color: ffmpeg.Color{HDR: ffmpeg.PQ}}},
		Audio: []ffmpeg.Audio{
			{Stream: ffmpeg.Stream{Index: 2, Codec: "aac", Profile: "LC", Language: "deu", Default: true}, Rate: 48000, Channels: 2},
			{Stream: ffmpeg.Stream{Index: 3, Tag: "ac-4"}, Rate: 48000, Channels: 2},
		},
		Subtitles: []ffmpeg.Subtitle{{Stream: ffmpeg.Stream{Index: 4, Codec: "subrip", Forced: true}, Text: true}},
	}
	got := transcode.SourceOf(f, false)
	want := transcode.Source{
		Video: &transcode.Video{Stream: 1, Codec: "hevc", Range: transcode.PQ},
		Audio: []transcode.Audio{
			{Stream: 2, Codec: "aac", Profile: "LC", Channels: 2, SampleRate: 48000, Language: "deu", Default: true},
			{Stream: 3, Codec: "ac-4", SampleRate: 48000},
		},
		Subtitles: []transcode.Subtitle{{Stream: 4, Codec: "subrip", Text: true, Forced: true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the source (-want +got):\n%s", diff)
	}
}

// TestProgressOfAChunk hears how far a chunk in the middle has come.
func TestProgressOfAChunk(t *testing.T) {
	lengthy(t)
	path := makeFilm(t, "film.mkv", "-f lavfi -i testsrc2=s=64x48:r=25:d=40 -c:v mpeg4 -g 25")
	p := ladder(t, transcode.Source{Format: "matroska,webm", Duration: 40 * time.Second, Video: &transcode.Video{
		Codec: "mpeg4", PixelFormat: "yuv420p", Width: 64, Height: 48, Constant: true, Rate: transcode.Ratio{Num: 25, Den: 1},
	}}, small(48))
	chunk := transcode.Chunk{Number: 1, Start: 12 * time.Second, End: 24 * time.Second, Key: 12 * time.Second, Lasts: 12 * time.Second}
	at := ran(t, p.VideoCommand(ffmpeg.Input{Path: path}, chunk, p.Video)).Progress
	if want := p.Frames(chunk, p.Video[0]); want != 300 || at.Frame != want {
		t.Errorf("at its end a chunk of %d pictures is at %+v", want, at)
	}
}

func orSDR(r transcode.Range) transcode.Range {
	if r == "" {
		return transcode.SDR
	}
	return r
}
