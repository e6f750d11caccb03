package transcode

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Command is what one process of ffmpeg is told: the options of its input, then the
// input, then the options of its outputs with their files.
type Command struct {
	Input  []string      // what goes before -i
	Output []string      // what goes after the input
	Files  []string      // that it writes
	Lasts  time.Duration // of the source it works on, for its progress; 0 where that is not known
}

// Args are all arguments, for the file that is the input.
func (c *Command) Args(input string) []string {
	return slices.Concat(c.Input, []string{"-i", input}, c.Output)
}

// Shift is by how much later than it is everything stands in the files of chunks and
// of sound: decoding begins before the first picture shows, and no time in them may
// be negative. [Join] takes it back.
const Shift = 10 * time.Second

// fragments are the options of a file that Join reads: MP4 in fragments whose times
// are those of the source, whatever it begins
// with; when says where fragments begin.
func fragments(when ...string) []string {
	return append([]string{
		"-map_metadata", "-1", "-map_chapters", "-1",
		"-use_editlist", "0", "-movflags", "+empty_moov+default_base_moof+frag_discont",
		"-avoid_negative_ts", "disabled", "-output_ts_offset", stamp(Shift), "-f", "mp4",
	}, when...)
}

// timed makes all times those of the source.
func timed() []string { return []string{"-copyts", "-start_at_zero"} }

// stamp is a time as ffmpeg takes it.
func stamp(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 6, 64)
}

func streamOf(n int) string { return fmt.Sprintf("0:%d", n) }

func threads(n int) []string {
	if n < 1 {
		return nil
	}
	return []string{"-threads", strconv.Itoa(n)}
}
