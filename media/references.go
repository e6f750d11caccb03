package media

import (
	"encoding/binary"
	"errors"
	"slices"
)

// tref notes how a track belongs to others (ISO/IEC 14496-12 §8.3.3; for chapters
// QuickTime File Format, "Chapter Lists"). What it cannot read, it leaves.
func (s *source) tref(t *trak, tref box) error {
	err := s.children(tref.body, tref.end, func(b box) error {
		switch b.kind() {
		case "thmb", "auxl":
			t.auxiliary = true
		case "chap":
			ids, err := s.content(b)
			if err != nil {
				return err
			}
			for ; len(ids) >= 4 && len(t.chapters) < maxTracks; ids = ids[4:] {
				t.chapters = append(t.chapters, binary.BigEndian.Uint32(ids))
			}
		}
		return nil
	})
	if errors.Is(err, ErrInvalid) {
		return nil
	}
	return err
}

// dinf notes which data references lead out of the file (ISO/IEC 14496-12 §8.7.2):
// such a file is a list of places in others, which are not here. One that names
// nothing is taken for the file itself: some writers forget the flag.
func (s *source) dinf(t *trak, dinf box) error {
	err := s.children(dinf.body, dinf.end, func(dref box) error {
		if dref.kind() != "dref" || dref.len() < 8 {
			return nil
		}
		n := uint16(0)
		return s.children(dref.body+8, dref.end, func(b box) error {
			n++
			const flags, named, alias = 4, 1, 100 // bytes
			if b.len() < flags+named {
				return nil
			}
			h, err := s.bytes(b.body, flags+named)
			if err == nil && h[3]&1 == 0 && (h[flags] != 0 || b.len() > alias) {
				if t.elsewhere == nil {
					t.elsewhere = map[uint16]bool{}
				}
				t.elsewhere[n] = true
			}
			return err
		})
	})
	if errors.Is(err, ErrInvalid) { // what it cannot read, it leaves
		return nil
	}
	return err
}

// marginal tells tracks that are no part of what plays: pictures of chapters,
// thumbnails, and the cover of an album, which is a still image.
func (p *parser) marginal(t *trak) bool {
	return t.auxiliary || p.isChapters(t) || t.handler == "vide" && p.isStill(t)
}

// isChapters reports whether a track is the chapters of another.
func (p *parser) isChapters(t *trak) bool {
	return slices.ContainsFunc(p.movie.tracks, func(o *trak) bool { return o != t && slices.Contains(o.chapters, t.id) })
}

// isStill reports whether a track is one still image.
func (p *parser) isStill(t *trak) bool {
	if t.stsd.len() < 16 {
		return false
	}
	h, err := p.source.bytes(t.stsd.body+12, 4)
	if err != nil || !stills[string(h)] && string(h) != "mp4v" {
		return false
	}
	if string(h) == "mp4v" {
		b, err := p.source.box(t.stsd.body+8, t.stsd.end)
		if err != nil || b.len() < visualHeader {
			return false
		}
		if h, err = p.source.content(b); err != nil || !stills[visualObject(h[visualHeader:])] {
			return false
		}
	}
	b, ok := t.tables["stsz"]
	if !ok || b.len() < 12 {
		return false
	}
	h, err = p.source.bytes(b.body+8, 4)
	return err == nil && binary.BigEndian.Uint32(h) == 1
}

var stills = map[string]bool{"jpeg": true, "mjpa": true, "mjpb": true, "png ": true, "tiff": true, "gif ": true, "WRLE": true}
