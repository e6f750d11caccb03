package ffmpeg

import "time"

// Progress of a run.
type Progress struct {
	Frame   int64         // pictures that were encoded, of the first video
	FPS     float64       // of them in a second
	Time    time.Duration // how far the output has come, from Command.Start
	Size    int64         // bytes of the first output
	Speed   float64       // seconds of output in a second; 0 while it is not known
	Dropped int64         // pictures that were left out to keep a rate
	Doubled int64         // and shown again
	Percent float64       // 0 to 100; -1 where Command.Length is not told
	Left    time.Duration // about how long it will take; -1 where that is not known
	Done    bool          // this is the last word
}
