package transcode

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

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
		"-use_editlist", "0", "-movflags", "+default_base_moof+frag_discont",
		"-avoid_negative_ts", "disabled", "-output_ts_offset", stamp(Shift), "-f", "mp4",
	}, when...)
}

// timed has all times stay what they are: options of a whole run.
func timed(more ...string) []string { return append([]string{"-copyts"}, more...) }

// begin has times count from the beginning of the source: options of an input. ffmpeg's
// -start_at_zero would do so, but takes for the beginning that of the streams that a
// command reads, where the container is a transport stream; and so it does where the
// offset is the beginning, to the microsecond.
func (p *Plan) begin() []string {
	if p.source.Start == 0 {
		return nil
	}
	return []string{"-itsoffset", stamp(-p.source.Start - time.Microsecond)}
}

// with is an input with options before it.
func with(in ffmpeg.Input, options ...string) []ffmpeg.Input {
	in.Args = slices.Concat(in.Args, options)
	return []ffmpeg.Input{in}
}

// stamp is a time as ffmpeg takes it.
func stamp(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 6, 64)
}

func streamOf(n int) string { return fmt.Sprintf("0:%d", n) }
