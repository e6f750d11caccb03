package transcode

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// VideoCommand encodes a chunk in some rungs of the plan, all of them from one
// decoding. file says what the file of a rung is called. The rungs are in order, and
// at least one; limit is how many threads each encoder and the decoder may have, 0 is
// up to ffmpeg.
func (p *Plan) VideoCommand(c Chunk, rungs []Output, limit int, file func(Output) string) Command {
	cmd := Command{Lasts: c.Lasts, Input: slices.Concat(timed(), threads(limit), p.seek(c))}
	cmd.Output = []string{"-filter_complex", p.graph(c, rungs)}
	e := encoders[p.profile.Video]
	for i := range rungs {
		o := &rungs[i]
		name := file(*o)
		cmd.Output = append(cmd.Output, "-map", pad("o", i), "-c:v", e.name)
		cmd.Output = append(cmd.Output, e.args(o, &p.profile)...)
		cmd.Output = append(cmd.Output, threads(limit)...)
		if keys := p.forced(c.Cuts); keys != "" {
			cmd.Output = append(cmd.Output, "-force_key_frames", keys)
		}
		cmd.Output = append(cmd.Output,
			"-fps_mode", "passthrough", "-enc_time_base", fmt.Sprintf("1:%d", p.Timescale), "-video_track_timescale", fmt.Sprint(p.Timescale), "-tag:v", e.tag)
		cmd.Output = append(append(cmd.Output, fragments("-movflags", "+frag_keyframe")...), name)
		cmd.Files = append(cmd.Files, name)
	}
	return cmd
}

// First are the rungs that the first chunk is encoded in before all others: the
// smallest, so that there is something to watch.
func (p *Plan) First() []Output { return p.Video[:min(len(p.Video), 1)] }

// scanned are containers in which ffmpeg seeks by looking for a time, and stops at
// any packet near it; in others it goes by an index of key frames.
var scanned = []string{"mpegts", "mpeg", "flv"}

// margin is how much before a key frame reading begins in these.
const margin = time.Second

// seek goes to the key frame of a chunk, or before it. The filter drops what is
// decoded in vain, the pictures that show before an open group of pictures among it.
func (p *Plan) seek(c Chunk) []string {
	at := c.Start - p.preroll()
	if slices.Contains(scanned, p.source.Format) {
		at = c.Key - margin
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
