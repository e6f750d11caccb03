package hls

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/internal/problem"
)

// noneName is what plays of a composition's subtitles where a part has none.
const noneName = "none.vtt"

// A textLane is the subtitles of each piece that play one after another, nil where
// a piece has none that are alike.
type textLane []*subtitle

// textLanes puts those together that are alike: of the same language, for the same
// viewers.
func textLanes(pieces []*piece) (list []textLane) {
	for n, c := range pieces {
		for _, s := range c.spoken {
			at := slices.IndexFunc(list, func(l textLane) bool { return l[n] == nil && l.first().alike(s) })
			if at < 0 {
				at = len(list)
				list = append(list, make(textLane, len(pieces)))
			}
			list[at][n] = s
		}
	}
	return list
}

// first is what is said of all.
func (l textLane) first() *subtitle {
	return l[slices.IndexFunc(l, func(s *subtitle) bool { return s != nil })]
}

func (s *subtitle) alike(o *subtitle) bool {
	return languageTag(s.Language) == languageTag(o.Language) && s.describesSounds() == o.describesSounds() && s.Forced == o.Forced
}

// subtitle is the lane as the multivariant playlist names it.
func (l textLane) subtitle(n int, revision string) *subtitle {
	s := &subtitle{Caption: l.first().Caption, name: "t" + strconv.Itoa(n+1), revision: revision}
	for _, part := range l {
		if part != nil {
			s.rate = max(s.rate, part.rate)
		}
	}
	return s
}

// playlist is the media playlist of a lane: the segments of subtitles of the
// assets, which are cut where their pictures are. Each says where its times are on
// the clock of the media, so that nothing has to be moved (RFC 8216bis §3.1.4).
func (l textLane) playlist(pieces []*piece, all shared, up string) []byte {
	dst := []byte(playlistHead + "#EXT-X-TARGETDURATION:")
	dst = append(strconv.AppendInt(dst, all.target, 10), all.kind()...)
	for i, c := range pieces {
		if i > 0 {
			dst = append(dst, "#EXT-X-DISCONTINUITY\n"...)
		}
		times := boundaries(c.leading())
		first, end := c.span(c.leading())
		dst = c.appendDate(dst, times[first])
		for n := first; n < end; n++ {
			dst = append(dst, "#EXTINF:"...)
			dst = append(appendSeconds(dst, times[n+1]-times[n]), ",\n"...)
			name := noneName
			if s := l[i]; s != nil {
				name = "../../" + up + c.asset + "/" + s.revision + "/" + s.name + "/" + strconv.Itoa(n) + ".vtt"
			}
			dst = append(append(dst, name...), '\n')
		}
	}
	return append(dst, "#EXT-X-ENDLIST\n"...)
}

// appendDate says when it was that a moment of the asset, in microseconds, was
// recorded, where that is known.
func (c *piece) appendDate(dst []byte, at int64) []byte {
	if c.began.IsZero() {
		return dst
	}
	dst = append(dst, "#EXT-X-PROGRAM-DATE-TIME:"...)
	return append(c.began.Add(time.Duration(at)*time.Microsecond).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z"), '\n')
}

// noCues is a segment in which nobody speaks.
var noCues = newDocument(subtitleType, func() []byte { return []byte(captions.Header + "\n\n") })

// serveTexts answers for the subtitles of a composition.
func (p *player) serveTexts(w http.ResponseWriter, r *http.Request, of *presentation, t target) error {
	if t.track < 1 || t.track > len(of.spoken) {
		return problem.Errorf(ErrNotFound, "there is no such track")
	}
	switch t.what {
	case mediaPlaylist:
		return p.sendDocument(w, r, &of.spoken[t.track-1], true)
	case noSubtitles:
		return p.sendDocument(w, r, &noCues, true)
	}
	return errPath
}

// textSets are the AdaptationSets of the subtitles of a piece, by segments: players
// place a file as a whole at the beginning of a Period.
func (c *piece) textSets(up string) []adaptationSet {
	times := boundaries(c.leading())
	first, end := c.span(c.leading())
	l := &timeline{timescale: micro}
	for _, at := range times[first : end+1] {
		l.at = append(l.at, uint64(at))
	}
	sets := textSets(c.spoken)
	for i, s := range localTexts(c.spoken) {
		sets[i].Representations[0].BaseURL = ""
		sets[i].Representations[0].Template = &segmentTemplate{
			Timescale: micro, Offset: uint64(c.begins), StartNumber: strconv.Itoa(first),
			Media: up + c.asset + "/" + s.revision + "/" + s.name + "/$Number$.vtt", Timeline: l.spans(),
		}
	}
	return sets
}
