package media

import (
	"bytes"
	"errors"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// fine is the timescale at which samples that are hidden take next to no time.
const fine = 45000

// prepared is a track whose samples were looked at, and that is to be cut.
type prepared struct {
	*choice
	*presenter
	built *built
}

// prepare looks at the samples of a track and resolves its edits. It returns nil
// for a track of which nothing is shown.
func (p *parser) prepare(c *choice) (*prepared, error) {
	if err := p.fetch(c); err != nil {
		return nil, err
	}
	pres, err := p.presenter(c, 1)
	if err != nil {
		return nil, err
	}
	if pres.hides() && c.trak.timescale < fine {
		if pres, err = p.presenter(c, int64(fine+c.trak.timescale-1)/int64(c.trak.timescale)); err != nil {
			return nil, err
		}
	}
	if p.grows() {
		if err := pres.continues(); err != nil {
			return nil, err
		}
	}
	if pres.count == 0 {
		return nil, nil
	}
	if p.seen && pres.cuttable() {
		pres.cut = pres.slack
	}
	b := &built{track: c.track(pres), enabled: c.trak.enabled}
	b.shown, b.ends = pres.shows()
	return &prepared{c, pres, b}, nil
}

// build cuts a prepared track.
func (p *parser) build(c *prepared, bounds []int64) error {
	b, pres := c.built, c.presenter
	if pres.hurries {
		if err := pres.hurry(); err != nil {
			return err
		}
	}
	b.decode = pres.decode + pres.deepest - int64(b.track.Held)
	cut := &cutter{
		built: b, blocks: &p.blocks, deeper: pres.deepest, bounds: bounds, growing: p.fragmented(), part: p.grows(),
		target:   max(int64(p.cut.Target*float64(b.track.Timescale)), 1),
		whole:    b.track.Kind == Audio,
		fallback: max(b.track.Timescale/25, 1),
		like:     p.like,
	}
	if p.like != nil {
		deeper, err := p.like.deeper(b)
		if err != nil {
			return err
		}
		cut.deeper += deeper
	}
	checked := pres.held(int64(b.track.Held), p.checked(c.choice, cut.add))
	if err := pres.each(checked); err != nil && !errors.Is(err, errUndecided) {
		return err
	}
	end := cut.finish
	if cut.part {
		end = cut.suspend
	}
	if err := end(); err != nil {
		return err
	}
	b.ends = max(b.ends, min(cut.ends, b.shown+1))
	b.track.rate(pres)
	c.trak.settled.apply(b.track)
	p.tracks = append(p.tracks, b)
	return nil
}

// presenter returns a track's presenter, prepared.
func (p *parser) presenter(c *choice, scale int64) (*presenter, error) {
	samples, err := p.flagged(c)
	if err != nil {
		return nil, err
	}
	video, settled := c.trak.handler == "vide", c.trak.settled != nil
	pres := &presenter{
		samples: samples, video: video, hurries: video && !settled, settled: settled,
		open:  settled || p.fragmented(),
		part:  p.grows(),
		syncs: video || c.trak.syncs, scale: scale,
		spans: c.trak.spans(p.timescale, scale),
		slack: max(int64(c.trak.timescale)*scale/cutSlack, 1), steady: steady(c.entries[0].codec),
	}
	return pres, pres.prepare()
}

// samplesOf returns the samples of the moov box, of fragments, or both; or those
// that the track came with.
func (p *parser) samplesOf(c *choice) (samples, error) {
	if c.samples != nil {
		return c.samples, nil
	}
	t := c.trak
	tables, err := p.tableSamples(t)
	if err != nil {
		return nil, err
	}
	fragments := &fragmentSamples{s: p.source, list: p.fragments, track: t.id}
	switch {
	case p.fragments.len() == 0:
		return tables, nil
	case tables.count == 0:
		return fragments, nil
	}
	return &bothSamples{first: tables, then: fragments}, nil
}

// bothSamples are those of a moov box, and then those of fragments.
type bothSamples struct {
	first   *tableSamples
	then    *fragmentSamples
	fragged bool
}

func (b *bothSamples) rewind() error {
	b.fragged = false
	if err := b.then.rewind(); err != nil {
		return err
	}
	return b.first.rewind()
}

func (b *bothSamples) next(r *raw) (bool, error) {
	if !b.fragged {
		if more, err := b.first.next(r); more || err != nil {
			return more, err
		}
		b.fragged, b.then.decode = true, b.first.decode
	}
	return b.then.next(r)
}

// checked refuses samples that the file does not have.
func (p *parser) checked(c *choice, fn func(*shown) error) func(*shown) error {
	size, entries, id, n := p.source.size+int64(c.prefix.Size), c.same(), c.trak.id, 0
	return func(s *shown) error {
		n++
		if s.offset < 0 || s.offset > size-int64(s.size) {
			return problem.Errorf(ErrInvalid, "the file is truncated: sample %d of track %d ends at byte %d of %d", n, id, s.offset+int64(s.size), size)
		}
		if s.entry < 0 || s.entry >= len(entries) {
			return problem.Errorf(ErrInvalid, "sample %d of track %d is coded in a way that the track does not describe", n, id)
		}
		if why := c.entries[s.entry].refused; why != nil {
			return why
		}
		s.entry = entries[s.entry]
		return fn(s)
	}
}

// same returns, for each sample entry, the first that says the same: some
// writers repeat theirs, which is no reason to cut a segment.
func (c *choice) same() []int {
	first := make([]int, len(c.entries))
	for i := range c.entries {
		first[i] = slices.IndexFunc(c.entries, func(e entry) bool { return bytes.Equal(e.box, c.entries[i].box) })
	}
	return first
}

// track returns the track that is presented, not yet cut.
func (c *choice) track(p *presenter) *Track {
	k := c.trak
	e := c.entries[0]
	t := &Track{
		ID: int(k.id), Kind: Audio, Codec: e.codec, Language: k.language, Name: k.name, Characteristics: k.characteristics,
		Timescale: uint32(int64(k.timescale) * p.scale), Independent: true, Matrix: k.matrix,
	}
	for _, e := range c.entries {
		t.Entries = append(t.Entries, e.box)
		if e.codec != t.Codec && !slices.Contains(t.Further, e.codec) {
			t.Further = append(t.Further, e.codec)
		}
	}
	t.Sets, t.Prefix = c.inBand(), c.prefix
	if !p.video {
		t.Channels, t.Objects, t.SampleRate = e.channels, e.objects, e.sampleRate
		return t
	}
	if e.width == 0 || e.height == 0 {
		e.width, e.height = int(k.size[0]>>16), int(k.size[1]>>16)
	}
	t.Kind, t.Range, t.Supplemental, t.Coded = Video, c.colors(), e.supplemental, [2]uint32{uint32(e.width) << 16, uint32(e.height) << 16}
	t.Width, t.Height = e.width, e.height
	if k.matrix[0] == 0 && k.matrix[4] == 0 && k.matrix[1] != 0 { // a quarter turn
		t.Width, t.Height = t.Height, t.Width
	}
	return t
}

// rate works out the frame rate from what was presented.
func (t *Track) rate(p *presenter) {
	if t.Kind != Video {
		return
	}
	hidden := int64(0)
	for i := range p.surveys {
		hidden += int64(len(p.surveys[i].hidden))
	}
	if length := p.beyond - p.first; length > 0 {
		t.FrameRate = float64(p.count-hidden) * float64(t.Timescale) / float64(length)
	}
}
