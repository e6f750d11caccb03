package media

import (
	"context"
	"io"
	"math"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// DefaultTarget is the length of a segment that is aimed at, in seconds.
const DefaultTarget = 6

// Options for Parse.
type Options struct {
	Cut Cut // how to cut; default Cut{Target: DefaultTarget}

	// Remote says that each read of the source is a request that takes its time:
	// more is read at once, and kept in up to 32 MiB; default false.
	Remote bool

	// RenditionOf is the index of a file that this one shows the same as, in
	// another size or coding. Its video alone is presented, and is cut where that
	// of the other is; ErrRendition where it has no key frames there, or does not
	// fit otherwise. Where it has no video it is sound in another coding: each
	// track has the ID of the other's that it sounds as, and is named as that is,
	// and time 0 of the file is when the other's presentation begins. Default: nil,
	// it is a file by itself.
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
	if o != nil && o.Remote {
		r = newAhead(r, size)
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
	p, err := open(s, cut)
	if err != nil {
		return nil, err
	}
	if o != nil && o.RenditionOf != nil {
		return p.rendition(p.video, p.audio, o.RenditionOf)
	}
	ix, err := p.index(p.video, p.audio)
	if err != nil {
		return nil, err
	}
	if ix.Texts, err = p.texts(); err != nil {
		return nil, err
	}
	ix.blocks.data = p.blocks.trimmed()
	return ix, nil
}

// opened is a file whose tracks have been looked at.
type opened struct {
	*parser
	video *choice
	audio []*choice
	texts func() ([]*Text, error) // those of the file, once the other tracks are indexed
}

func openMP4(s *source, cut Cut) (*opened, error) {
	m, err := s.scan()
	if err != nil {
		return nil, err
	}
	p := &parser{source: s, movie: m, cut: cut}
	video, audio, err := p.choose()
	return &opened{p, video, audio, p.texts}, err
}

// parser makes an index of a movie.
type parser struct {
	*source
	*movie
	cut    Cut
	blocks blockWriter
	tracks []*built
	part   bool  // the file goes on beyond what is there, and so may its tracks
	seen   bool  // there is video
	like   *like // what the video is cut after; nil for a file by itself
}

func (p *parser) index(video *choice, audio []*choice) (*Index, error) {
	list, err := p.prepareAll(video, audio)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		if err := p.build(c, p.bounds(c.choice)); err != nil {
			return nil, err
		}
	}
	if err := align(p.tracks); err != nil {
		return nil, err
	}
	return p.finish(), nil
}

// prepareAll prepares the tracks that show something, and settles when the
// presentation begins.
func (p *parser) prepareAll(video *choice, audio []*choice) (list []*prepared, err error) {
	choices := audio
	p.seen = video != nil
	if p.seen {
		choices = append([]*choice{video}, audio...)
	}
	var tracks []*built
	for _, c := range choices {
		t, err := p.prepare(c)
		if err != nil {
			return nil, err
		}
		if t != nil {
			list, tracks = append(list, t), append(tracks, t.built)
			p.blocks.total += t.count
		}
	}
	if len(list) == 0 {
		return nil, problem.Errorf(ErrNoMedia, "the tracks of the file have no samples: it may be an init segment alone")
	}
	begin(tracks)
	for _, t := range list {
		p.hold(t)
	}
	return list, nil
}

// grows says whether more samples will come to the tracks.
func (p *parser) grows() bool { return p.part && p.fragmented() }

func (p *parser) bounds(c *choice) []int64 {
	if len(p.tracks) == 0 || p.tracks[0].track.Kind != Video {
		return nil
	}
	return p.tracks[0].bounds(c.trak.timescale, p.cut.Target, p.grows())
}

func (p *parser) finish() *Index {
	ix := &Index{Size: p.source.size, Cut: p.cut, blocks: &blocks{data: p.blocks.buf}, fragments: p.fragmented()}
	for _, b := range p.tracks {
		b.track.Default = p.isDefault(b)
		ix.Tracks = append(ix.Tracks, b.track)
		ix.blocks.refs = append(ix.blocks.refs, b.refs)
		ix.Bound = max(ix.Bound, b.bound)
		ix.Duration = math.Max(ix.Duration, float64(b.track.Duration)/float64(b.track.Timescale))
	}
	ix.widen()
	return ix
}

// isDefault reports whether a track plays unless the viewer chooses otherwise:
// the first of its kind, of those that are enabled where some are.
func (p *parser) isDefault(b *built) bool {
	alike := func(o *built) bool { return o.track.Kind == b.track.Kind }
	at := slices.IndexFunc(p.tracks, func(o *built) bool { return alike(o) && o.enabled })
	if at < 0 {
		at = slices.IndexFunc(p.tracks, alike)
	}
	return p.tracks[at] == b
}

// choice is a track that is to be presented.
type choice struct {
	trak    *trak
	entries []entry
	samples samples // where they are not in the tables and fragments of an MP4
	looked  *asked  // its samples, where their flags tell nothing
	prefix  Prefix
}

// choose picks the tracks to present of those that have samples. What is marginal
// counts only where there is nothing else.
func (p *parser) choose() (video *choice, audio []*choice, err error) {
	var s selection
	for _, marginal := range []bool{false, true} {
		for _, t := range p.movie.tracks {
			if t.handler != "vide" && t.handler != "soun" || !p.hasSamples(t) || p.marginal(t) != marginal {
				continue
			}
			if marginal && s.any() {
				continue
			}
			if err := s.offer(p.choice(t)); err != nil {
				return nil, nil, err
			}
		}
	}
	if !s.any() && s.dormant == [2]error{} && p.moves() {
		return nil, nil, problem.Errorf(ErrUnsupported, "HLS does not carry a sequence of pictures (AVIF, HEIF)")
	}
	return s.chosen()
}

// moves reports whether there is a track of pictures that move (ISO/IEC 23008-12, 7).
func (p *parser) moves() bool {
	return slices.ContainsFunc(p.movie.tracks, func(t *trak) bool { return t.handler == "pict" && p.hasSamples(t) })
}

// choice is a track with the reason why HLS cannot carry it.
func (p *parser) choice(t *trak) (*choice, error) {
	entries, err := p.entries(t)
	if err == nil && t.timescale == 0 {
		err = problem.Errorf(ErrInvalid, "track %d has a timescale of zero", t.id)
	}
	c := &choice{trak: t, entries: entries}
	if err != nil {
		return c, err
	}
	for i := range entries {
		entries[i].stretched(t.size)
	}
	t.syncs = entries[0].codec == usac
	return c, p.layer(c)
}

// usac is the codec of xHE-AAC, whose packets do not all decode alone.
const usac = "mp4a.40.42"

// layer refuses MPEG audio that is not of layer III: all three have one name in
// MP4, and players take it for that of MP3.
func (p *parser) layer(c *choice) error {
	switch c.entries[0].codec {
	case "mp4a.69", "mp4a.6B":
	default:
		return nil
	}
	b, err := p.firstOf(c, 0)
	if err != nil || len(b) < 2 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return err
	}
	if layer := 4 - int(b[1]>>1&3); layer == 1 || layer == 2 {
		return problem.Errorf(ErrUnsupported, "audio in MP%d (MPEG audio layer %d) cannot be carried in HLS as it is", layer, layer)
	}
	return nil
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
