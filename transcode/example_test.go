package transcode_test

import (
	"fmt"

	"github.com/streamgate/streamgate/transcode"
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
