package hls

import (
	"slices"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

// A piece is a part of a composition with what plays of it. Times are in
// microseconds of its asset.
type piece struct {
	*presentation

	asset        string
	from, to     int64
	begins, ends int64 // of the segments in which that is
	began        time.Time
	spoken       []*subtitle // of the asset, beside its file and within
}

func newPiece(p *presentation, part *Part) (*piece, error) {
	times := boundaries(p.leading())
	if len(times) < 2 {
		return nil, problem.Errorf(ErrUnplayable, "there is nothing to play in asset %q", part.Asset)
	}
	last := times[len(times)-1]
	c := &piece{presentation: p, asset: part.Asset, from: max(part.From.Microseconds(), 0), to: part.To.Microseconds(), began: part.Began}
	if c.to <= 0 || c.to > last {
		c.to = last
	}
	if c.from >= c.to {
		return nil, problem.Errorf(ErrNotFound, "there is nothing from %s on: the asset ends at %s", part.From, time.Duration(c.to)*time.Microsecond)
	}
	first, found := slices.BinarySearch(times, c.from)
	if !found {
		first--
	}
	end, _ := slices.BinarySearch(times, c.to)
	c.begins, c.ends = times[first], times[end]
	return c, nil
}

// span returns which segments of a track are in the piece: those that begin
// nearest to where the piece begins and ends, for sound is cut beside the picture.
func (c *piece) span(t *media.Track) (first, end int) {
	times := boundaries(t)
	if len(times) < 2 {
		return 0, 0
	}
	nearest := func(at int64) int {
		i, _ := slices.BinarySearch(times, at)
		if i == len(times) || i > 0 && at-times[i-1] < times[i]-at {
			i--
		}
		return i
	}
	first = min(nearest(c.begins), len(times)-2)
	return first, max(nearest(c.ends), first+1)
}

// A lane is one track of each piece, which play one after another.
type lane []laneTrack

type laneTrack struct {
	*prepared

	of         *piece
	first, end int // of its segments
}

type lanes []lane

// lanesOf puts the tracks of the other pieces after those of the first.
func lanesOf(pieces []*piece) (lanes, error) {
	var list lanes
	for i := range pieces[0].tracks {
		lead := &pieces[0].tracks[i]
		var l lane
		for n, c := range pieces {
			t := lead
			if n > 0 {
				t = c.follows(lead)
			}
			if t == nil && lead.Kind == media.Audio && lead.file != pieces[0].source() {
				l = nil // sound beside that of the first piece: what is beside another may be missing
				break
			}
			if t == nil {
				return nil, errApart(n, string(lead.Kind)+" coded as "+family(lead.Codec))
			}
			first, end := c.span(t.Track)
			l = append(l, laneTrack{t, c, first, end})
		}
		if l != nil {
			list = append(list, l)
		}
	}
	return list, nil
}

// follows is the track that plays after one of another piece: a picture of the
// nearest height, a sound of the same choice or else of the same language.
func (c *piece) follows(lead *prepared) *prepared {
	var best *prepared
	score := func(t *prepared) int {
		if t.Kind == media.Video {
			return -max(t.Height-lead.Height, lead.Height-t.Height)
		}
		switch {
		case choiceOf(t) == choiceOf(lead):
			return 3
		case languageTag(t.Language) == languageTag(lead.Language):
			return 2
		case t.Default:
			return 1
		}
		return 0
	}
	for _, t := range c.of(lead.Kind) {
		if family(t.Codec) == family(lead.Codec) && (best == nil || score(t) > score(best)) {
			best = t
		}
	}
	return best
}

// index is that of what all lanes are together.
func (list lanes) index() *media.Index {
	ix := new(media.Index)
	for i, l := range list {
		ix.Tracks = append(ix.Tracks, l.track(i+1))
	}
	return ix
}

// track is what a playlist says of a lane. Its ticks are microseconds.
func (l lane) track(id int) *media.Track {
	t := *l[0].Track
	t.ID, t.Timescale, t.Origin, t.Segments = id, micro, 0, nil
	at := int64(0)
	for i, part := range l {
		t.Independent, t.Open = t.Independent && part.Independent, t.Open || part.Open
		t.FrameRate = max(t.FrameRate, part.FrameRate)
		for _, codec := range append([]string{part.Codec}, part.Further...) {
			if i > 0 && codec != t.Codec && !slices.Contains(t.Further, codec) {
				t.Further = append(slices.Clone(t.Further), codec)
			}
		}
		times, rated := boundaries(part.Track), part.rated()
		for n := part.first; n < part.end; n++ {
			s := media.Segment{Start: at, Duration: uint64(times[n+1] - times[n])}
			s.Bytes = segmentSize(rated, n) - fragmentSize(&t, &s)
			t.Segments = append(t.Segments, s)
			at += int64(s.Duration)
		}
	}
	return &t
}

// iframes is the lane of the I-frames, where every part has them.
func (l lane) iframes() (lane, bool) {
	list := slices.Clone(l)
	for i := range list {
		if list[i].iframes == nil {
			return nil, false
		}
		list[i].prepared = list[i].iframes
	}
	return list, true
}
