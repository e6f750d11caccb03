package media

import (
	"context"
	"io"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

// DefaultTarget is the length of a segment that is aimed at, in seconds.
const DefaultTarget = 6

// Options for Parse.
type Options struct {
	Cut Cut // how to cut; default Cut{Target: DefaultTarget}

	// RenditionOf is the index of a file that this one shows the same as, in
	// another size or coding. Its video alone is presented, and is cut where that
	// of the other is; ErrRendition where it has no key frames there, or does not
	// fit otherwise. Default: nil, it is a file by itself.
	RenditionOf *Index
}

// Parse reads what is in a file (MP4, MOV, Matroska, WebM) and returns its index,
// blocks included. The source is read through r, never beyond size.
//
// Errors match ErrInvalid, ErrEncrypted, ErrNoMedia, ErrUnsupported or
// ErrRendition; anything else is an error of r or of the context.
func Parse(ctx context.Context, r io.ReaderAt, size int64, o *Options) (*Index, error) {
	cut := Cut{Target: DefaultTarget}
	if o != nil && o.Cut.Target > 0 {
		cut = o.Cut
	}
	kind, err := known(r, size)
	if err != nil {
		return nil, err
	}
	s := newSource(ctx, r, size)
	open := openMP4
	if kind.isMatroska() {
		open = openMatroska
	}
	p, video, audio, err := open(s, cut)
	if err != nil {
		return nil, err
	}
	if o != nil && o.RenditionOf != nil {
		return p.rendition(video, o.RenditionOf)
	}
	return p.index(video, audio)
}

func openMP4(s *source, cut Cut) (p *parser, video *choice, audio []*choice, err error) {
	m, err := s.scan()
	if err != nil {
		return nil, nil, nil, err
	}
	p = &parser{source: s, movie: m, cut: cut}
	video, audio, err = p.choose()
	return p, video, audio, err
}

// parser makes an index of a movie.
type parser struct {
	*source
	*movie
	cut    Cut
	blocks blockWriter
	tracks []*built
	like   *like // what the video is cut after; nil for a file by itself
}

func (p *parser) index(video *choice, audio []*choice) (*Index, error) {
	if video != nil {
		if err := p.build(video, nil); err != nil {
			return nil, err
		}
	}
	for _, c := range audio {
		if err := p.build(c, p.bounds(c)); err != nil {
			return nil, err
		}
	}
	if len(p.tracks) == 0 {
		return nil, problem.Errorf(ErrNoMedia, "the tracks of the file have no samples: it may be an init segment alone")
	}
	if err := align(p.tracks); err != nil {
		return nil, err
	}
	return p.finish(), nil
}

func (p *parser) bounds(c *choice) []int64 {
	if len(p.tracks) == 0 || p.tracks[0].track.Kind != Video {
		return nil
	}
	return bounds(p.tracks[0].track, c.trak.timescale, p.cut.Target)
}

func (p *parser) finish() *Index {
	ix := &Index{Size: p.source.size, Cut: p.cut, blocks: &blocks{data: p.blocks.buf}}
	defaults := map[Kind]bool{}
	for _, b := range p.tracks {
		b.track.Default = !defaults[b.track.Kind]
		defaults[b.track.Kind] = true
		ix.Tracks = append(ix.Tracks, b.track)
		ix.blocks.refs = append(ix.blocks.refs, b.refs)
		ix.Duration = math.Max(ix.Duration, float64(b.track.Duration)/float64(b.track.Timescale))
	}
	return ix
}

// choice is a track that is to be presented.
type choice struct {
	trak    *trak
	entries []entry
	samples samples // where they are not in the tables and fragments of an MP4
}

// choose picks the tracks to present of those that have samples.
func (p *parser) choose() (video *choice, audio []*choice, err error) {
	var s selection
	for _, t := range p.movie.tracks {
		if t.handler != "vide" && t.handler != "soun" || !p.hasSamples(t) {
			continue
		}
		entries, err := p.entries(t)
		if err == nil && t.timescale == 0 {
			err = problem.Errorf(ErrInvalid, "track %d has a timescale of zero", t.id)
		}
		if err := s.offer(&choice{trak: t, entries: entries}, err); err != nil {
			return nil, nil, err
		}
	}
	return s.chosen()
}

// hasSamples reports whether any sample of the track may be in the file.
func (p *parser) hasSamples(t *trak) bool {
	for _, kind := range []string{"stsz", "stz2"} {
		if b, ok := t.tables[kind]; ok && b.len() >= 12 {
			if h, err := p.source.bytes(b.body, 12); err == nil && (h[8]|h[9]|h[10]|h[11]) != 0 {
				return true
			}
		}
	}
	for i := range p.fragments.len() {
		if p.fragments.at(i).track == t.id {
			return true
		}
	}
	return false
}
