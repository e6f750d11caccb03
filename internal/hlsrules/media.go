package hlsrules

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/Eyevinn/mp4ff/mp4"
)

// media is what the segments of a media playlist hold, where that is fMP4.
type media struct {
	head  *head // the first init segment
	heads []*head
	parts []*part // parallel to the segments; nil for a gap
	known bool    // all could be read
}

// load fetches what a media playlist leads to and checks it.
func (c *checker) load(m *mediaList) {
	m.media = &media{known: true}
	var at *section
	var current *head
	for i := range m.segments {
		s := &m.segments[i]
		if s.gap {
			m.sizes, m.media.parts, m.media.known = append(m.sizes, 0), append(m.media.parts, nil), false
			continue
		}
		if s.init != nil && s.init != at {
			at = s.init
			if current = c.head(m, at); current == nil {
				m.media.known = false
			} else if m.media.heads = append(m.media.heads, current); m.media.head == nil {
				m.media.head = current
			}
		}
		data, ok := c.cut(s.uri, s.cut, m.at(s.line))
		m.sizes = append(m.sizes, int64(len(data)))
		var p *part
		if ok {
			p = c.part(m, s, current, c.opened(m, i, data))
		}
		m.media.known = m.media.known && p != nil
		m.media.parts = append(m.media.parts, p)
	}
	if m.media.head == nil || len(m.segments) == 0 {
		m.media.known = false
	}
	if m.media.known {
		c.clock(m)
	}
	c.flow(m)
}

// cut fetches a byte range of a resource.
func (c *checker) cut(uri string, r bytesCut, where string) ([]byte, bool) {
	if r.length == 0 {
		return c.get(uri, where)
	}
	data, ok := c.resources[uri]
	if !ok {
		if data, ok = c.get(uri, where); !ok {
			return nil, false
		}
		c.resources[uri] = data
	}
	if r.from < 0 || r.from > int64(len(data)) || r.length > int64(len(data))-r.from {
		c.report("available", where, "the range %d@%d is beyond its %d bytes", r.length, r.from, len(data))
		return nil, false
	}
	return data[r.from : r.from+r.length], true
}

// part is what one segment holds, by track.
type part struct {
	runs map[uint32]*run
}

// run is the samples of one track in a segment, in ticks.
type run struct {
	decode, ends     int64 // decode times
	earliest, latest int64 // shown
	samples          int
	longest          int64 // sample
	shortest         int64 // of those that last at all
	leads, has       bool  // the first is a sync sample; there is one
}

// part reads a segment, or says that it is in another format, with nil.
func (c *checker) part(m *mediaList, s *segment, h *head, data []byte) *part {
	switch {
	case encrypted(s.keys):
		return nil
	case bytes.HasPrefix(data, []byte("WEBVTT")):
		c.webVTT(m, s, data)
		return nil
	case len(data) > 0 && data[0] == 0x47:
		c.transport(m, s, data)
		return nil
	case len(data) > 2 && data[0] == 0xff && data[1]&0xe0 == 0xe0, bytes.HasPrefix(data, []byte("ID3")):
		return nil // packed audio
	case len(data) < 8 || !slices.Contains([]string{"styp", "moof", "sidx", "prft", "emsg"}, string(data[4:8])):
		if m.subtitle && s.init == nil {
			c.report("webvtt", m.at(s.line), "%s does not begin with WEBVTT", s.text)
			return nil
		}
		c.report("format", m.at(s.line), "%s begins with % x", s.text, data[:min(8, len(data))])
		return nil
	case s.init == nil:
		c.report("map", m.at(s.line), "%s has no EXT-X-MAP", s.text)
		return nil
	case h == nil:
		return nil
	}
	c.sampleAES(m, s, h)
	file, err := decode(data)
	if err != nil {
		c.report("format", m.at(s.line), "%s cannot be read: %v", s.text, err)
		return nil
	}
	return c.runs(m, s, h, file)
}

// decode reads boxes, whatever they are.
func decode(data []byte) (file *mp4.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			file, err = nil, fmt.Errorf("the boxes make no sense: %v", r)
		}
	}()
	return mp4.DecodeFile(bytes.NewReader(data))
}

// encrypted says whether whole segments are.
func encrypted(keys []*line) bool {
	return slices.ContainsFunc(keys, func(k *line) bool { return k.get("METHOD") == "AES-128" || k.get("METHOD") == "AES-256-GCM" })
}

// runs reads the fragments of a segment.
func (c *checker) runs(m *mediaList, s *segment, h *head, file *mp4.File) *part {
	p := &part{runs: map[uint32]*run{}}
	for _, segment := range file.Segments {
		for _, f := range segment.Fragments {
			if f.Moof == nil || f.Mdat == nil {
				c.report("format", m.at(s.line), "%s has moof or mdat alone", s.text)
				return nil
			}
			for _, traf := range f.Moof.Trafs {
				if !c.traf(m, s, h, f, traf, p) {
					return nil
				}
			}
		}
	}
	if len(p.runs) == 0 {
		c.report("format", m.at(s.line), "%s has no samples", s.text)
		return nil
	}
	return p
}

// traf reads the samples of a track fragment.
func (c *checker) traf(m *mediaList, s *segment, h *head, f *mp4.Fragment, traf *mp4.TrafBox, p *part) bool {
	track, known := h.tracks[traf.Tfhd.TrackID]
	if !known {
		c.report("tracks-match", m.at(s.line), "%s has track %d", s.text, traf.Tfhd.TrackID)
		return false
	}
	if traf.Tfdt == nil {
		c.report("decode-time", m.at(s.line), "%s, track %d", s.text, track.id)
		return false
	}
	r := p.runs[track.id]
	at := int64(traf.Tfdt.BaseMediaDecodeTime())
	if r == nil {
		r = &run{decode: at, ends: at, earliest: math.MaxInt64, latest: math.MinInt64}
		p.runs[track.id] = r
	}
	if at != r.ends {
		c.report("continuous", m.at(s.line), "a fragment of %s begins at %d, the one before ends at %d", s.text, at, r.ends)
		r.ends = at
	}
	for _, trun := range traf.Truns {
		trun.AddSampleDefaultValues(traf.Tfhd, track.defaults)
		if traf.Tfhd.HasBaseDataOffset() || !inside(f, trun) {
			c.report("addressing", m.at(s.line), "%s: a run of track %d lies at %d", s.text, track.id, trun.DataOffset)
		}
		for _, sample := range trun.GetSamples() {
			r.add(&sample)
		}
	}
	return true
}

// inside says whether the samples of a run lie in the fragment's mdat.
func inside(f *mp4.Fragment, trun *mp4.TrunBox) bool {
	size := int64(0)
	for _, s := range trun.GetSamples() {
		size += int64(s.Size)
	}
	from := int64(f.Moof.StartPos) + int64(trun.DataOffset) - int64(f.Mdat.PayloadAbsoluteOffset())
	return from >= 0 && from+size <= int64(len(f.Mdat.Data))
}

func (r *run) add(s *mp4.Sample) {
	sync := s.Flags&0x10000 == 0
	r.leads, r.has = r.leads || r.samples == 0 && sync, r.has || sync
	shown := r.ends + int64(s.CompositionTimeOffset)
	r.earliest, r.latest = min(r.earliest, shown), max(r.latest, shown+int64(s.Dur))
	r.longest = max(r.longest, int64(s.Dur))
	if r.shortest == 0 || s.Dur > 0 && int64(s.Dur) < r.shortest {
		r.shortest = int64(s.Dur)
	}
	r.ends += int64(s.Dur)
	r.samples++
}
