package media

import (
	"bytes"
	"encoding/binary"

	"github.com/streamgate/streamgate/internal/problem"
)

// trak is a track of the source, before it is presented.
type trak struct {
	id              uint32
	enabled         bool
	matrix          [9]int32
	size            [2]uint32 // tkhd width and height, 16.16
	timescale       uint32
	language        string
	name            string
	handler         string
	characteristics []string
	edits           []edit
	stsd            box
	tables          map[string]box  // of the stbl box
	syncs           bool            // sound that cannot begin anywhere
	elsewhere       map[uint16]bool // data references to other files
	chapters        []uint32        // tracks that are its chapters
	auxiliary       bool            // belongs to another track, such as thumbnails
	settled         *settled        // of a file that Rewrite wrote; else nil
	text            box             // of such a file, what lists its subtitles; else none
}

// edit is an entry of an edit list (ISO/IEC 14496-12 §8.6.6).
type edit struct {
	duration uint64 // movie timescale
	time     int64  // media timescale; -1 is an empty edit
}

func (s *source) parseTrak(tk box) (*trak, error) {
	t := &trak{tables: map[string]box{}, matrix: upright}
	err := s.children(tk.body, tk.end, func(b box) error {
		switch b.kind() {
		case "tkhd":
			return s.tkhd(t, b)
		case "edts":
			return s.children(b.body, b.end, func(b box) error { return s.elst(t, b) })
		case "mdia":
			return s.mdia(t, b)
		case "udta":
			return s.udta(t, b)
		case "tref":
			return s.tref(t, b)
		case "uuid":
			return s.textList(t, b)
		}
		return nil
	})
	return t, err
}

func (s *source) tkhd(t *trak, b box) error {
	h, err := s.content(b)
	if err != nil {
		return err
	}
	id, rest := 12, 24
	if len(h) > 0 && h[0] == 1 {
		id, rest = 20, 36
	}
	if len(h) < rest+60 {
		return problem.Errorf(ErrInvalid, "a track header is too short")
	}
	t.enabled = h[3]&1 != 0
	t.id = binary.BigEndian.Uint32(h[id:])
	for i := range t.matrix {
		t.matrix[i] = int32(binary.BigEndian.Uint32(h[rest+16+4*i:]))
	}
	t.size = [2]uint32{binary.BigEndian.Uint32(h[rest+52:]), binary.BigEndian.Uint32(h[rest+56:])}
	return nil
}

func (s *source) elst(t *trak, b box) error {
	if b.kind() != "elst" || b.len() < 8 {
		return nil
	}
	h, err := s.bytes(b.body, 8)
	if err != nil {
		return err
	}
	version, count, width := h[0], int64(binary.BigEndian.Uint32(h[4:])), 12
	if version == 1 {
		width = 20
	}
	if count > maxEdits {
		return problem.Errorf(ErrInvalid, "an edit list of %d entries", count)
	}
	list := s.tableOf(b, 8, count, width)
	for {
		e, err := list.entry()
		if e == nil {
			return err
		}
		if version == 1 {
			t.edits = append(t.edits, edit{binary.BigEndian.Uint64(e), int64(binary.BigEndian.Uint64(e[8:]))})
		} else {
			t.edits = append(t.edits, edit{uint64(binary.BigEndian.Uint32(e)), int64(int32(binary.BigEndian.Uint32(e[4:])))})
		}
	}
}

func (s *source) mdia(t *trak, mdia box) error {
	return s.children(mdia.body, mdia.end, func(b box) error {
		switch b.kind() {
		case "mdhd":
			return s.mdhd(t, b)
		case "elng":
			return s.elng(t, b)
		case "hdlr":
			h, err := s.content(b)
			if err == nil && len(h) >= 12 {
				t.handler = string(h[8:12])
			}
			return err
		case "minf":
			return s.minf(t, b)
		}
		return nil
	})
}

func (s *source) mdhd(t *trak, b box) error {
	h, err := s.content(b)
	if err != nil {
		return err
	}
	scale, lang := 12, 20
	if len(h) > 0 && h[0] == 1 {
		scale, lang = 20, 32
	}
	if len(h) < lang+2 {
		return problem.Errorf(ErrInvalid, "a media header is too short")
	}
	t.timescale = binary.BigEndian.Uint32(h[scale:])
	if t.language == "" {
		t.language = language(binary.BigEndian.Uint16(h[lang:]))
	}
	return nil
}

// elng is the extended language tag, BCP 47 (ISO/IEC 14496-12 §8.4.6).
func (s *source) elng(t *trak, b box) error {
	h, err := s.content(b)
	if err != nil || len(h) < 5 {
		return err
	}
	tag := h[4:]
	for i, c := range tag {
		if c == 0 {
			tag = tag[:i]
			break
		}
	}
	if isLanguageTag(tag) {
		t.language = string(tag)
	}
	return nil
}

func (s *source) minf(t *trak, minf box) error {
	return s.children(minf.body, minf.end, func(b box) error {
		if b.kind() == "dinf" {
			return s.dinf(t, b)
		}
		if b.kind() != "stbl" {
			return nil
		}
		return s.children(b.body, b.end, func(b box) error {
			switch b.kind() {
			case "stsd":
				t.stsd = b
			case "stts", "ctts", "stsc", "stco", "co64", "stsz", "stz2", "stss":
				if _, twice := t.tables[b.kind()]; !twice {
					t.tables[b.kind()] = b
				}
			}
			return nil
		})
	})
}

// textList notes the box that Rewrite put into a track of subtitles.
func (s *source) textList(t *trak, b box) error {
	if b.len() < int64(len(textType)) {
		return nil
	}
	kind, err := s.bytes(b.body, len(textType))
	if err == nil && bytes.Equal(kind, textType) {
		t.text = b
	}
	return err
}
