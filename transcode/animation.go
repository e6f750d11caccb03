package transcode

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// animations are containers of pictures that move, as ffprobe names them. Nothing in
// them tells how many pictures there are, and each says how long it shows. They are not
// sought in: a picture is what changes of the one before.
var animations = []string{"gif", "apng"}

// animated reports whether the source is a picture that moves.
func (s *Source) animated() bool { return s.Video != nil && slices.Contains(animations, s.Format) }

// animate learns from its pictures how long an animation lasts, once: no loop is
// followed. One that has a single picture is none, and refused. grid is the rate on which
// ffmpeg takes all times to lie: it has the last picture last as long as one of these.
func (s *Source) animate(t *ffmpeg.Times, grid Ratio) error {
	if t.Pictures < 2 {
		return problem.Errorf(ErrSource, "this is a picture (%s), not a video: there is only one in it, unless it lost its end", strings.ToUpper(s.Format))
	}
	v := s.Video
	s.Duration = max(t.End-s.Start, 0)
	if t.Last <= 0 || s.Duration <= 0 {
		return nil
	}
	if each := (Ratio{time.Second.Microseconds(), t.Last.Microseconds()}); t.Even && grid.near(each) {
		v.Rate, v.Constant = grid, true
		return nil
	}
	v.Rate, v.Constant = Ratio{int64(t.Pictures) * 1000, max(s.Duration.Milliseconds(), 1)}, false
	s.Held, s.Again = t.Last, lastly
	if grid.positive() {
		s.Again = grid.at(1)
	}
	return nil
}

// lastly is how long a picture shows of which nothing is known: ffmpeg takes 25 a second.
const lastly = 40 * time.Millisecond

// flatten lays pictures that one can see through on white, as pages are.
func (v *Video) flatten() []string {
	for _, alpha := range []string{"rgba", "bgra", "ya8", "ya16", "pal8"} {
		if strings.HasPrefix(v.PixelFormat, alpha) {
			return []string{"format=rgba", "split[under][over];[under]lutrgb=r=255:g=255:b=255:a=255[white];[white][over]overlay=format=rgb"}
		}
	}
	return nil
}

// hold has the last picture of an animation once more shortly before its end: a file
// has a picture last until the next, and the last one is left to be guessed.
func (p *Plan) hold(c Chunk) string {
	s := &p.source
	if s.Held <= s.Again || c.End > 0 {
		return ""
	}
	begins := s.Duration - s.Held
	// What tpad adds shows with the last or later: it does not know when.
	return fmt.Sprintf("tpad=stop=1:stop_mode=clone,setpts='if(gt(T,%s)+lte(PTS,PREV_INPTS),%s/TB,PTS)'", stamp(begins+time.Millisecond), stamp(s.Duration-s.Again))
}
