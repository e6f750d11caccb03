package media

import (
	"encoding/binary"
	"errors"

	"github.com/streamgate/streamgate/internal/problem"
)

// movie is what a moov box and the fragments after it describe.
type movie struct {
	timescale uint32
	tracks    []*trak
	fragments fragments
	moofs     int
	defaults  map[uint32]trex
	extends   bool // it announces fragments (mvex)
}

// fragmented says whether samples are, or may be, in fragments: then nothing that
// only the end of the file tells decides what its beginning looks like.
func (m *movie) fragmented() bool { return m.extends || m.fragments.len() > 0 }

// trex holds a track's defaults for fragments (ISO/IEC 14496-12 §8.8.3).
type trex struct {
	entry, duration, size, flags uint32
}

// scan walks the top-level boxes of the file.
func (s *source) scan() (*movie, error) {
	var m *movie
	for off, n := int64(0), 0; off <= s.size-8; n++ {
		if n == maxBoxes {
			return nil, problem.Errorf(ErrInvalid, "more than %d boxes", maxBoxes)
		}
		b, err := s.box(off, s.size)
		if err != nil && b.kind() != "mdat" { // an mdat may claim too much: its samples are checked one by one
			if m.endsBefore(b, err) {
				break
			}
			return nil, notAMovie(err, n)
		}
		switch b.kind() {
		case "moov":
			if m != nil {
				break // of several, the first counts
			}
			if m, err = s.movie(b); err != nil {
				return nil, err
			}
		case "moof":
			if m == nil {
				return nil, problem.Errorf(ErrInvalid, "a fragment comes before the description of its tracks (moov): this may be one segment of a larger presentation")
			}
			if err := s.moof(m, b); err != nil {
				return nil, err
			}
		}
		off = b.end
	}
	if m == nil {
		return nil, problem.Errorf(ErrInvalid, "there is no moov box: the file is truncated, or not an MP4")
	}
	return m, nil
}

// endsBefore reports whether what stands at the end of a file is no box of it:
// padding, or what was glued to it. All samples of a file without fragments are
// known by then, and each is checked to lie in the file.
func (m *movie) endsBefore(b box, err error) bool {
	return m != nil && errors.Is(err, ErrInvalid) && (m.moofs == 0 && len(m.defaults) == 0 || !ofFragments[b.kind()])
}

// ofFragments are the boxes that may follow on the moov box of a fragmented file.
var ofFragments = map[string]bool{
	"moof": true, "mdat": true, "styp": true, "sidx": true, "ssix": true, "emsg": true, "prft": true, "mfra": true,
	"free": true, "skip": true, "uuid": true, "moov": true, "ftyp": true, "meta": true,
}

// notAMovie makes the error of a first box that is none plainer.
func notAMovie(err error, boxes int) error {
	if boxes == 0 {
		return problem.Because(ErrInvalid, err, "this is not an MP4 or MOV file")
	}
	return err
}

func (s *source) movie(moov box) (*movie, error) {
	m := &movie{defaults: map[uint32]trex{}}
	if far, ok := s.r.(*ahead); ok {
		far.expect(moov.start, moov.end)
	}
	err := s.children(moov.body, moov.end, func(b box) error {
		switch b.kind() {
		case "mvhd":
			return s.mvhd(m, b)
		case "trak":
			return s.trak(m, b)
		case "mvex":
			return s.mvex(m, b)
		case "cmov":
			return problem.Errorf(ErrUnsupported, "the movie header is compressed (cmov)")
		}
		return nil
	})
	return m, err
}

func (s *source) mvhd(m *movie, b box) error {
	h, err := s.content(b)
	if err != nil {
		return err
	}
	at := 12
	if len(h) > 0 && h[0] == 1 {
		at = 20
	}
	if len(h) < at+4 {
		return problem.Errorf(ErrInvalid, "the movie header is too short")
	}
	m.timescale = binary.BigEndian.Uint32(h[at:])
	return nil
}

func (s *source) trak(m *movie, b box) error {
	if len(m.tracks) == maxTracks {
		return problem.Errorf(ErrInvalid, "more than %d tracks", maxTracks)
	}
	t, err := s.parseTrak(b)
	if err != nil {
		return err
	}
	m.tracks = append(m.tracks, t)
	m.extends = m.extends || t.settled != nil && t.settled.Fragments
	return nil
}

func (s *source) mvex(m *movie, mvex box) error {
	m.extends = true
	return s.children(mvex.body, mvex.end, func(b box) error {
		if b.kind() != "trex" {
			return nil
		}
		h, err := s.content(b)
		if err != nil {
			return err
		}
		if len(h) < 24 {
			return problem.Errorf(ErrInvalid, "a trex box is too short")
		}
		m.defaults[binary.BigEndian.Uint32(h[4:])] = trex{
			entry:    binary.BigEndian.Uint32(h[8:]),
			duration: binary.BigEndian.Uint32(h[12:]),
			size:     binary.BigEndian.Uint32(h[16:]),
			flags:    binary.BigEndian.Uint32(h[20:]),
		}
		return nil
	})
}
