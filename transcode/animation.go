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
// followed. One that has a single picture is none, and refused.
func (s *Source) animate(t *ffmpeg.Times) error {
	if t.Pictures < 2 {
		return problem.Errorf(ErrSource, "this is a picture (%s), not a video: there is only one in it, unless it lost its end", strings.ToUpper(s.Format))
	}
	v := s.Video
	s.Duration = max(t.End-s.Start, 0)
	if t.Last <= 0 || s.Duration <= 0 {
		return nil
	}
	if t.Even {
		if each := (Ratio{int64(time.Second / time.Microsecond), t.Last.Microseconds()}); !v.Rate.near(each) {
			v.Rate = each
		}
		v.Constant = true
		return nil
	}
	v.Rate, v.Constant = Ratio{int64(t.Pictures) * 1000, max(s.Duration.Milliseconds(), 1)}, false
	s.Held = t.Last
	return nil
}

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
// has a picture last until the next, and the last one as long as the one before.
func (p *Plan) hold(c Chunk) string {
	s := &p.source
	if s.Held < 2*lastly || c.End > 0 {
		return ""
	}
	begins := s.Duration - s.Held
	// What tpad adds shows with the last or later: it does not know when.
	return fmt.Sprintf("tpad=stop=1:stop_mode=clone,setpts='if(gt(T,%s)+lte(PTS,PREV_INPTS),%s/TB,PTS)'", stamp(begins+time.Millisecond), stamp(s.Duration-lastly))
}

// lastly is how long the picture shows that is added to hold the last one.
const lastly = 20 * time.Millisecond
