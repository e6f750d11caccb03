package media

import (
	"math"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// soundSlack is by how much sound that is coded in another way may end earlier or
// later than what it was made of, in seconds: packets are of other lengths, and
// decoders make of a damaged end what they can.
const soundSlack = 0.5

// leastPackets is how many packets of sound there are in a second, at least.
const leastPackets = 10

// sounds makes the index of a file that has sound of another in another coding: its
// tracks have the numbers of those that they were made of, and time 0 of the file is
// when the other's presentation begins. It is cut beside the picture, as the sound of
// the other is.
func (p *parser) sounds(audio []*choice, of *Index) (*Index, error) {
	if len(audio) == 0 || len(of.Tracks) == 0 {
		return nil, problem.Errorf(ErrRendition, "the file has no video")
	}
	p.cut = of.Cut
	var made []*prepared
	for _, choice := range audio {
		source := soundOf(of, int(choice.trak.id))
		if source == nil {
			return nil, problem.Errorf(ErrRendition, "the file has no video, and the source no sound with the number %d, of which its own could be", choice.trak.id)
		}
		c, err := p.prepare(choice)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return nil, problem.Errorf(ErrNoMedia, "track %d of the file has no samples", choice.trak.id)
		}
		if err := c.built.sounds(source); err != nil {
			return nil, err
		}
		p.blocks.total += c.count
		made = append(made, c)
	}
	for _, c := range made {
		if err := p.build(c, c.built.beside(of)); err != nil {
			return nil, err
		}
		c.built.settle()
		if t := c.built.track; len(t.Segments) > 0 && int64(t.Segments[0].Decode) < 0 {
			return nil, problem.Errorf(ErrRendition, "its sound %d would be decoded before that of the source", t.ID)
		}
	}
	ix := p.finish()
	ix.Bound = 0 // how long its segments are follows from the source
	for _, t := range ix.Tracks {
		t.Default = false // that is the source's
	}
	return ix, nil
}

// soundOf is the sound of an index that has a number, or nil.
func soundOf(of *Index, id int) *Track {
	at := slices.IndexFunc(of.Tracks, func(t *Track) bool { return t.Kind == Audio && t.ID == id })
	if at < 0 {
		return nil
	}
	return of.Tracks[at]
}

// sounds puts a prepared track on the timeline of what it was made of, and calls it
// what that is called.
func (b *built) sounds(source *Track) error {
	t := b.track
	t.Language, t.Name, t.Characteristics = source.Language, source.Name, source.Characteristics
	t.Origin = uint64(convert(int64(source.Origin), source.Timescale, t.Timescale))
	if b.shown < 0 {
		return problem.Errorf(ErrRendition, "its sound %d begins before the source does", t.ID)
	}
	ends, want := float64(b.ends)/float64(t.Timescale), float64(source.Duration)/float64(source.Timescale)
	if d := ends - want; math.Abs(d) > soundSlack {
		return problem.Errorf(ErrRendition, "its sound %d ends at %.3f s, that of the source at %.3f s", t.ID, ends, want)
	}
	return nil
}

// beside are where such a track is cut: where sound of the source is. No segment may
// round to more seconds than the longest of the source, whose target duration all
// playlists have (RFC 8216bis §6.2.4), so one that might is cut in two.
func (b *built) beside(of *Index) []int64 {
	t := b.track
	lead := &built{track: of.Tracks[0], bound: of.Bound}
	bounds := lead.bounds(t.Timescale, of.Cut.Target, false)
	step := max(int64(of.Cut.Target*float64(t.Timescale)), 1)
	for n := len(bounds); n > 0 && bounds[n-1] < b.ends; n++ {
		bounds = append(bounds, bounds[n-1]+step)
	}
	bounds = slices.DeleteFunc(bounds, func(at int64) bool { return at >= b.ends })
	most := (2*of.longest()+1)*int64(t.Timescale)/2 - int64(t.Timescale)/leastPackets
	var list []int64
	last := int64(0)
	for _, at := range append(bounds, b.ends) {
		if at-last >= most {
			list = append(list, last+(at-last)/2)
		}
		list, last = append(list, at), at
	}
	return list
}

// longest is how long a segment is at most, in whole seconds, rounded to the nearest;
// at least 1.
func (ix *Index) longest() int64 {
	most := int64(1)
	for _, t := range ix.Tracks {
		start := int64(0) // the first segment begins with the presentation
		for _, s := range t.Segments {
			end := s.Start + int64(s.Duration)
			most = max(most, (2*(end-start)+int64(t.Timescale))/(2*int64(t.Timescale)))
			start = end
		}
	}
	return most
}
