package transcode_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/streamgate/streamgate/internal/fmp4"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

func ExampleLadder() {
	source := transcode.Source{
		Format: "avi",
		Video: &transcode.Video{
			Codec: "mpeg4", PixelFormat: "yuv420p", Width: 1280, Height: 720,
			Rate: transcode.Ratio{Num: 25, Den: 1}, Constant: true,
		},
		Audio: []transcode.Audio{{Stream: 1, Codec: "mp3", Channels: 2, SampleRate: 44100}},
	}
	plan, err := transcode.Ladder(source, transcode.DefaultProfile())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rung := range plan.Video {
		fmt.Println(rung.Name, rung.Width, rung.Height, rung.MaxRate)
	}
	// Output:
	// 240p 426 240 400000
	// 360p 640 360 900000
	// 480p 854 480 1600000
	// 720p 1280 720 3200000
}

func ExamplePlan_Chunks() {
	source := transcode.Source{
		Format: "matroska,webm", Duration: 2 * time.Minute,
		Video: &transcode.Video{Codec: "vp8", PixelFormat: "yuv420p", Width: 640, Height: 360, Rate: transcode.Ratio{Num: 25, Den: 1}, Constant: true},
	}
	plan, err := transcode.Ladder(source, transcode.DefaultProfile())
	if err != nil {
		fmt.Println(err)
		return
	}
	// Of the source, by ffmpeg.Runner.KeyFrames and Since.
	var keys []time.Duration
	for at := time.Duration(0); at < source.Duration; at += 10 * time.Second {
		keys = append(keys, at)
	}
	in := ffmpeg.Input{Path: "film.webm", Type: media.TypeWebM}
	for _, chunk := range plan.Chunks(plan.Cuts(source.Duration), keys, source.Duration, 1) {
		command := plan.VideoCommand(in, chunk, plan.Video)
		fmt.Println(chunk.Number, chunk.Start, chunk.Lasts, command.Inputs[0].Args, command.Outputs[0].Name)
	}
	// Output:
	// 0 0s 12s [] 240p.mp4
	// 1 12s 30s [-noaccurate_seek -ss 12.000000] 240p.mp4
	// 2 42s 30s [-noaccurate_seek -ss 42.000000] 240p.mp4
	// 3 1m12s 30s [-noaccurate_seek -ss 72.000000] 240p.mp4
	// 4 1m42s 18s [-noaccurate_seek -ss 102.000000] 240p.mp4
}

func ExampleJoiner() {
	// Two chunks of one picture each, as VideoCommand has them made.
	chunk := func(at int64) transcode.Part {
		var b bytes.Buffer
		w, err := fmp4.NewWriter(&b, []fmp4.Track{{Video: true, Timescale: 25, Entries: []byte("\x00\x00\x00\x08stsd")}})
		if err == nil {
			picture := fmp4.Sample{Shown: at + int64(transcode.Shift/time.Second)*25, Duration: 1, Size: 4, Sync: true}
			err = w.Fragment(1, []fmp4.Timed{{Sample: picture, Decode: picture.Shown}}, func(w io.Writer) error { _, err := io.WriteString(w, "data"); return err })
		}
		if err != nil {
			fmt.Println(err)
		}
		return transcode.Part{ReaderAt: bytes.NewReader(b.Bytes()), Size: int64(b.Len())}
	}
	first, second := chunk(0), chunk(150)
	var film bytes.Buffer
	joiner, err := transcode.NewJoiner(&film, &first, nil)
	for _, c := range []transcode.Part{first, second} {
		if err == nil {
			err = joiner.Append(context.Background(), c)
		}
	}
	if err == nil {
		err = joiner.Finish()
	}
	fmt.Println(joiner.State().Chunks, "chunks,", err)
	// Output: 2 chunks, <nil>
}
