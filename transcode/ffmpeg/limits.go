package ffmpeg

import (
	"math"
	"time"
)

// Limits of one run. A zero field is the Runner's, and there the default; a
// negative one is no limit.
type Limits struct {
	// Time is the longest by the clock. Default: 2 hours.
	Time time.Duration

	// CPU is the most of all threads together, in whole seconds (Linux). Default: 8
	// hours.
	CPU time.Duration

	// Stall is how long a run may go without a new frame, byte or timestamp of
	// output. What writes only at its end, such as the thumbnail filter over a whole
	// film, needs more. Default: 2 minutes.
	Stall time.Duration

	// Memory is the address space in bytes, not what is resident: stacks and
	// libraries are in it (Linux). A ladder of four H.264 encoders from 4K took 2.1
	// GiB with 2 threads each, and 4.5 with 16. Default: 8 GiB.
	Memory int64

	// Output is the most that may lie in the run's directory, in bytes; also of each
	// file, which the kernel watches (Linux). Default: 16 GiB.
	Output int64

	// Pixels is the largest picture that is decoded, width times height. Default:
	// 8192 × 4352, which is more than 8K.
	Pixels int64

	// Streams is how many streams a file may have. Default: 100.
	Streams int
}

var defaultLimits = Limits{
	Time:    2 * time.Hour,
	CPU:     8 * time.Hour,
	Stall:   2 * time.Minute,
	Memory:  8 << 30,
	Output:  16 << 30,
	Pixels:  8192 * 4352,
	Streams: 100,
}

// probeLimits are those of ffprobe where the Runner's are wider: it reads some
// megabytes, and writes none.
var probeLimits = Limits{Time: time.Minute, CPU: time.Minute, Stall: -1, Memory: 2 << 30, Output: 1 << 20}

// or returns l with what it leaves open as in d.
func (l Limits) or(d Limits) Limits {
	return Limits{
		Time:    either(l.Time, d.Time),
		CPU:     either(l.CPU, d.CPU),
		Stall:   either(l.Stall, d.Stall),
		Memory:  either(l.Memory, d.Memory),
		Output:  either(l.Output, d.Output),
		Pixels:  either(l.Pixels, d.Pixels),
		Streams: either(l.Streams, d.Streams),
	}
}

// either is a, b where a says nothing, and the largest number where there is no limit.
func either[T ~int | ~int64](a, b T) T {
	if a == 0 {
		a = b
	}
	if a < 0 {
		return T(math.MaxInt)
	}
	return a
}

// within returns the narrower of two, field by field, both being complete.
func (l Limits) within(o Limits) Limits {
	return Limits{
		Time:    min(l.Time, o.Time),
		CPU:     min(l.CPU, o.CPU),
		Stall:   min(l.Stall, o.Stall),
		Memory:  min(l.Memory, o.Memory),
		Output:  min(l.Output, o.Output),
		Pixels:  min(l.Pixels, o.Pixels),
		Streams: min(l.Streams, o.Streams),
	}
}
