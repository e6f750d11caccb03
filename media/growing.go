package media

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

// How a file that is not all there yet cannot be read. Match them with errors.Is.
var (
	// ErrMore means that the next bytes may tell.
	ErrMore = errMore
	// ErrWhole means that it takes the whole file: another container than MP4, a
	// moov box at its end, edits that only its end decides.
	ErrWhole = errWhole
)

// Growing is what the beginning of an MP4 or MOV file tells of its index. It does
// not change and may be used concurrently.
type Growing struct {
	known *Index
	reach [][]int64
	whole bool
}

// ParseGrowing is Parse of a file of which the first have bytes are there, and
// that will have size bytes; -1 where that is not known. Nothing beyond have is
// read. What it says of the file holds whatever comes: each segment is one of
// the index that Parse makes of the whole, where that has the same Revision.
//
// With RenditionOf it has no more segments than that index, which is what is known of a
// growing file (Known): the beginning of a rendition that grows beside it.
//
// Errors match ErrMore or ErrWhole, or are those of Parse.
func ParseGrowing(ctx context.Context, r io.ReaderAt, have, size int64, o *Options) (*Growing, error) {
	cut := Cut{Target: DefaultTarget}
	if o != nil && o.Cut.Target > 0 {
		cut = o.Cut
	}
	if size < 0 {
		size = maxSize
	}
	have = min(have, size)
	if have < min(size, SniffLen) {
		return nil, ErrMore
	}
	kind, err := known(r, have)
	switch {
	case err != nil:
		return nil, err
	case !kind.isISO():
		return nil, ErrWhole
	}
	s := newSource(ctx, r, size)
	s.have = have
	m, err := s.scanGrowing()
	if err != nil {
		return nil, err
	}
	p := &parser{source: s, movie: m, cut: cut, part: true}
	video, audio, err := p.choose()
	if err != nil {
		return nil, p.early(err)
	}
	if m.fragmented() && p.missing() {
		return nil, ErrMore
	}
	index, err := p.known(video, audio, o)
	if err != nil {
		return nil, p.early(err)
	}
	g := &Growing{known: index, whole: !m.fragmented()}
	for _, b := range p.tracks {
		g.reach = append(g.reach, b.reach)
	}
	return g, nil
}

func (p *parser) known(video *choice, audio []*choice, o *Options) (*Index, error) {
	switch {
	case o == nil || o.RenditionOf == nil:
		return p.index(video, audio)
	case !p.fragmented():
		return nil, ErrWhole
	}
	return p.rendition(video, nil, o.RenditionOf) // sound beside is there once it is whole
}

// maxSize stands for a size that is not known.
const maxSize = 1 << 60

// early makes of there being nothing that there is nothing yet.
func (p *parser) early(err error) error {
	if errors.Is(err, ErrNoMedia) && p.fragmented() {
		return ErrMore
	}
	return err
}

// missing says whether a track that may be presented has no sample yet. It might
// get some, and be one that all playlists have to name.
func (p *parser) missing() bool {
	for _, t := range p.movie.tracks {
		if (t.handler == "vide" || t.handler == "soun") && !p.hasSamples(t) {
			return true
		}
	}
	return false
}

// scanGrowing walks the top-level boxes as far as they are there.
func (s *source) scanGrowing() (*movie, error) {
	var m *movie
	for off, n := int64(0), 0; off <= s.have-8; n++ {
		if n == maxBoxes {
			return nil, problem.Errorf(ErrInvalid, "more than %d boxes", maxBoxes)
		}
		b, err := s.box(off, s.size)
		if errors.Is(err, errMore) {
			break
		}
		if err != nil && b.kind() != "mdat" {
			if m.endsBefore(b, err) {
				break
			}
			return nil, notAMovie(err, n)
		}
		switch kind := b.kind(); {
		case kind == "mdat" && m == nil:
			return nil, ErrWhole
		case kind == "moov" && m == nil && b.end > s.have:
			return nil, ErrMore
		case kind == "moov" && m == nil:
			if m, err = s.movie(b); err != nil {
				return nil, err
			}
		case kind == "moof" && m == nil:
			return nil, problem.Errorf(ErrInvalid, "a fragment comes before the description of its tracks (moov)")
		case kind == "moof" && b.end <= s.have:
			if err := s.moof(m, b); err != nil {
				return nil, err
			}
		}
		off = b.end
	}
	if m == nil {
		return nil, ErrMore
	}
	return m, nil
}

// Complete says whether it knows all segments of the file: those that are not
// there yet, too. Else ParseGrowing tells more when more has arrived.
func (g *Growing) Complete() bool { return g.whole }

// Known is the index of all that is known: of segments, too, whose bytes are not
// there yet.
func (g *Growing) Known() *Index { return g.known }

// Index is the index of the segments whose bytes are among the first have bytes
// of the file. It is nil before there is one of each track.
func (g *Growing) Index(have int64) *Index {
	ix := *g.known
	ix.Tracks, ix.Duration, ix.Size = nil, 0, have
	ix.blocks = &blocks{data: g.known.blocks.data}
	for i, t := range g.known.Tracks {
		n := 0
		for n < len(t.Segments) && g.reach[i][n] <= have {
			n++
		}
		if n == 0 {
			return nil
		}
		c := *t
		c.Segments = t.Segments[:n:n]
		end := max(c.endOfLast(), 0)
		if n < len(t.Segments) || !g.whole {
			c.Duration = uint64(end)
		}
		ix.Duration = math.Max(ix.Duration, float64(c.Duration)/float64(c.Timescale))
		ix.Tracks = append(ix.Tracks, &c)
		ix.blocks.refs = append(ix.blocks.refs, g.known.blocks.refs[i][:n:n])
	}
	return &ix
}
