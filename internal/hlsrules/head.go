package hlsrules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/Eyevinn/mp4ff/mp4"
)

// head is what an init segment says.
type head struct {
	tracks map[uint32]*track
	scheme string // of encrypted samples; "" where they are in the clear
	main   *track // the first video, else the first
}

// track is one track of an init segment.
type track struct {
	id        uint32
	timescale int64
	handler   string
	defaults  *mp4.TrexBox
	entries   []mp4.Box // sample entries
	box       *mp4.TrakBox
}

func (t *track) seconds(ticks int64) float64 { return float64(ticks) / float64(t.timescale) }

// head fetches an init segment and checks it; nil where it cannot be read.
func (c *checker) head(m *mediaList, s *section) *head {
	data, ok := c.cut(s.uri, s.cut, m.at(s.line))
	if !ok || encrypted(s.key) {
		return nil
	}
	if strings.HasPrefix(string(data), "WEBVTT") || len(data) > 0 && data[0] == 0x47 {
		return nil
	}
	file, err := decode(data)
	if err != nil || file.Moov == nil || file.Moov.Mvex == nil || file.Ftyp == nil || len(file.Moov.Traks) == 0 {
		c.report("init", s.uri, "ftyp, moov, a track or mvex is missing (%v)", err)
		return nil
	}
	if brands := append(file.Ftyp.CompatibleBrands(), file.Ftyp.MajorBrand()); !slices.ContainsFunc(brands, sixth) || file.Children[0].Type() != "ftyp" || file.Children[1].Type() != "moov" {
		c.report("init", s.uri, "brands %q, boxes %s and %s", brands, file.Children[0].Type(), file.Children[1].Type())
	}
	h := &head{tracks: map[uint32]*track{}}
	for _, trak := range file.Moov.Traks {
		t := c.track(s, file.Moov, trak)
		if t == nil {
			return nil
		}
		for _, entry := range t.entries {
			h.scheme = cmp.Or(protected(entry), h.scheme)
		}
		h.tracks[t.id] = t
		if h.main == nil || t.handler == "vide" && h.main.handler != "vide" {
			h.main = t
		}
	}
	if file.Moov.Mvhd != nil && file.Moov.Mvhd.Duration != 0 || file.Mdat != nil {
		c.report("init-empty", s.uri, "the movie lasts, or there is mdat")
	}
	return h
}

// sixth says whether a brand is iso6 or one that includes it.
func sixth(brand string) bool {
	return len(brand) == 4 && strings.HasPrefix(brand, "iso") && brand[3] >= '6' && brand[3] <= '9' || strings.HasPrefix(brand, "cmf") || brand == "isoa"
}

func (c *checker) track(s *section, moov *mp4.MoovBox, trak *mp4.TrakBox) *track {
	mdia := trak.Mdia
	if trak.Tkhd == nil || mdia == nil || mdia.Mdhd == nil || mdia.Hdlr == nil || mdia.Minf == nil || mdia.Minf.Stbl == nil || mdia.Minf.Stbl.Stsd == nil || mdia.Mdhd.Timescale == 0 {
		c.report("init", s.uri, "a track lacks boxes")
		return nil
	}
	stbl := mdia.Minf.Stbl
	t := &track{id: trak.Tkhd.TrackID, timescale: int64(mdia.Mdhd.Timescale), handler: mdia.Hdlr.HandlerType, entries: stbl.Stsd.Children, box: trak}
	for _, trex := range moov.Mvex.Trexs {
		if trex.TrackID == t.id {
			t.defaults = trex
		}
	}
	if t.defaults == nil || len(t.entries) == 0 {
		c.report("init", s.uri, "track %d has no trex or no sample entry", t.id)
		return nil
	}
	if trak.Tkhd.Duration != 0 || stbl.Stsz != nil && stbl.Stsz.SampleNumber != 0 || stbl.Stts != nil && len(stbl.Stts.SampleCount) != 0 {
		c.report("init-empty", s.uri, "track %d has samples or lasts", t.id)
	}
	if dinf := mdia.Minf.Dinf; dinf != nil && dinf.Dref != nil {
		for _, b := range dinf.Dref.Children {
			if u, ok := b.(*mp4.URLBox); !ok || u.Flags&1 == 0 {
				c.report("self-contained", s.uri, "track %d refers to %s", t.id, b.Type())
			}
		}
	}
	return t
}
