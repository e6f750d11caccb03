package media

import (
	"cmp"
	"errors"

	"github.com/streamgate/streamgate/internal/problem"
)

// selection picks the tracks to present: the first enabled video that HLS can
// carry and every audio that it can. A file that has video, or audio, but none
// that HLS can carry, is refused for the reason of the first. Tracks that are not
// enabled refuse it only where there is no other.
type selection struct {
	video   *choice
	audio   []*choice
	refused [2]error // video, audio
	dormant [2]error // the same of tracks that are not enabled: others may do without them
}

// any reports whether anything was offered that counts.
func (s *selection) any() bool {
	return s.video != nil || s.audio != nil || s.refused != [2]error{}
}

// offer adds a track, or the reason why HLS cannot carry it. What it returns is
// an error of the whole file.
func (s *selection) offer(c *choice, why error) error {
	at := 0
	if c.trak.handler == "soun" {
		at = 1
	}
	switch {
	case why != nil && !c.trak.enabled && problem.KindOf(why) != nil:
		if s.dormant[at] == nil {
			s.dormant[at] = why
		}
	case why != nil && (errors.Is(why, ErrEncrypted) || problem.KindOf(why) == nil):
		return why
	case why != nil:
		if s.refused[at] == nil {
			s.refused[at] = why
		}
	case at == 1 && len(s.audio) < maxPresented:
		s.audio = append(s.audio, c)
	case at == 0 && (s.video == nil || c.trak.enabled && !s.video.trak.enabled):
		s.video = c
	}
	return nil
}

func (s *selection) chosen() (video *choice, audio []*choice, err error) {
	switch {
	case s.video == nil && s.refused[0] != nil:
		return nil, nil, s.refused[0]
	case s.audio == nil && s.refused[1] != nil:
		return nil, nil, s.refused[1]
	case s.video == nil && s.audio == nil && s.dormant != [2]error{}:
		return nil, nil, cmp.Or(s.dormant[0], s.dormant[1])
	case s.video == nil && s.audio == nil:
		return nil, nil, problem.Errorf(ErrNoMedia, "there is no audio or video in the file")
	}
	return s.video, s.audio, nil
}
