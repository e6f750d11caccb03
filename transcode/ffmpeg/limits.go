package ffmpeg

import "time"

// Limits of one run. A zero field is the Runner's, and there the default; a
// negative one is no limit.
type Limits struct {
	// Time is the longest by the clock. Default: 2 hours.
	Time time.Duration

	// CPU is the most of all threads together, in whole seconds. Default: 8 hours.
	CPU time.Duration

	// Stall is how long a run may go without a new frame, byte or timestamp of
	// output. What writes only at its end, such as the thumbnail filter over a whole
	// film, needs more. Default: 2 minutes.
	Stall time.Duration

	// Memory is the address space in bytes, not what is resident: stacks and
	// libraries are in it. Default: 4 GiB.
	Memory int64

	// Output is the most that may lie in the run's directory, in bytes; also of each
	// file, which the kernel watches. Default: 16 GiB.
	Output int64

	// Pixels is the largest picture that is decoded, width times height. Default:
	// 8192 × 4352, which is more than 8K.
	Pixels int64

	// Streams is how many streams a file may have. Default: 100.
	Streams int
}
