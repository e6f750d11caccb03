package transcode

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// VideoCommand encodes a chunk in some rungs of the plan, all of them from one
// decoding; at least one. The file of a rung is called by its name, see Output.File.
func (p *Plan) VideoCommand(in ffmpeg.Input, c Chunk, rungs []Output) *ffmpeg.Command {
	e := p.coder()
	cmd := &ffmpeg.Command{
		Args: timed(append(slices.Clone(p.device), "-filter_complex", p.graph(c, rungs))...), Hardware: p.hardware, Inputs: with(in, append(p.begin(), p.seek(c)...)...), Length: c.Lasts,
	}
	for i := range rungs {
		args := slices.Concat([]string{"-map", pad("o", i), "-c:v", e.name}, e.args(&rungs[i], &p.profile))
		if keys := p.forced(c.Cuts); keys != "" {
			args = append(args, "-force_key_frames", keys)
		}
		args = append(args, "-fps_mode", "passthrough", "-enc_time_base", fmt.Sprintf("1:%d", p.Timescale),
			"-video_track_timescale", strconv.Itoa(p.Timescale), "-tag:v", e.tag)
		cmd.Outputs = append(cmd.Outputs, ffmpeg.Output{Name: rungs[i].File(), Args: append(args, fragments("-movflags", "+frag_keyframe"+e.when)...)})
	}
	return cmd
}

// Frames is how many pictures a chunk has in a rung, for its progress: with -copyts
// ffmpeg tells times from its first report on, and pictures exactly. 0 where the rate
// varies or is not known.
func (p *Plan) Frames(c Chunk, o Output) int64 {
	return int64(math.Round(c.Lasts.Seconds() * o.Rate.Float()))
}

// File is what a command calls the file of a rung.
func (o *Output) File() string { return o.Name + ".mp4" }

// First are the rungs that the first chunk is encoded in before all others: the
// smallest, so that there is something to watch.
func (p *Plan) First() []Output { return p.Video[:min(len(p.Video), 1)] }

// scanned are containers in which ffmpeg seeks by looking for a time, and stops at
// any packet near it; in others it goes by an index of key frames.
var scanned = []string{"mpegts", "mpeg", "flv", "asf", "rm"}

// margin is how much before a key frame reading begins in these.
const margin = time.Second

// seek goes to the key frame of a chunk, or before it. The filter drops what is
// decoded in vain, the pictures that show before an open group of pictures among it.
func (p *Plan) seek(c Chunk) []string {
	at := c.Start - p.preroll()
	if slices.Contains(scanned, p.source.Format) {
		at = c.Key - margin
	}
	if v := p.source.Video; v.Timed {
		at -= v.Start // ffmpeg counts from when a file begins, which here is its first picture
	}
	if c.Key <= 0 || at <= 0 {
		return nil
	}
	return []string{"-noaccurate_seek", "-ss", stamp(at)}
}

// forced are the moments of key frames.
func (p *Plan) forced(cuts []time.Duration) string {
	list := make([]string, len(cuts))
	for i, cut := range cuts {
		list[i] = stamp(cut - p.early())
	}
	return strings.Join(list, ",")
}

func pad(name string, n int) string { return fmt.Sprintf("[%s%d]", name, n) }
