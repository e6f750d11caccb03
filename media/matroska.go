package media

import (
	"errors"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

// matroska is a Matroska or WebM file on its way to an index (RFC 9559). The
// headers of its blocks are read once, in the order of the file, and what lies
// between them is skipped. Cues are not looked at: all that they say is in the
// blocks, and whether they tell the truth is not known before those are read.
type matroska struct {
	*source
	segment element
	scale   uint64 // TimestampScale: ns that a tick of the file takes
	tracks  []*matroskaTrack
	byNum   map[uint64]*matroskaTrack
	seek    int64 // where SeekHead has the tracks; 0 is nowhere
	text    int   // samples of subtitles
	kept    int   // bytes of memory that the frames take
	first   int64 // least timestamp of all frames
	stamp   uint64
	stamped bool  // the cluster has said its timestamp
	current block // one for all: a new one for each block would be garbage by the thousand
	lacing  []int64

	reached             int64 // the last element that was read within a cluster
	recovered, searched int   // places that were damaged; bytes that were searched after them
}

const (
	defaultTimestampScale = 1_000_000
	maxTimestampScale     = 10_000_000_000 // ten seconds
	maxHeader             = 4 << 20        // bytes of Tracks, and of any other element that is read whole
)

func openMatroska(s *source, cut Cut) (*opened, error) {
	s.sparse = true
	m := &matroska{source: s, scale: defaultTimestampScale, byNum: map[uint64]*matroskaTrack{}, first: math.MaxInt64}
	if err := m.scan(); err != nil {
		return nil, err
	}
	video, audio, err := m.choose()
	p := &parser{source: s, movie: &movie{timescale: nanoseconds}, cut: cut}
	return &opened{p, video, audio, func() ([]*Text, error) { return m.texts(p) }}, err
}

func (m *matroska) scan() error {
	if err := m.header(); err != nil {
		return err
	}
	off, end := m.segment.body, m.segment.end
	for off < end {
		next, err := m.next(off, end)
		if err != nil {
			if next, err = m.recover(off, err); err != nil {
				return err
			}
		}
		off = next
	}
	if m.tracks == nil {
		return problem.Errorf(ErrInvalid, "the file does not say what its tracks are (Tracks): it may be truncated")
	}
	return nil
}

// next reads the element at off, at the top of the segment, and returns where the
// one after it begins.
func (m *matroska) next(off, end int64) (int64, error) {
	e, err := m.element(off, end)
	switch {
	case err != nil && e.id == idCluster && m.segment.unknown && errors.Is(err, errCut):
		e.end, e.unknown = end, true // a recording that ends within a cluster
	case err != nil:
		return 0, err
	case m.segment.unknown && (e.id == idEBML || e.id == idSegment):
		return end, nil // another file begins
	}
	return m.top(e)
}

// header reads the EBML header and finds the segment.
func (m *matroska) header() error {
	e, err := m.element(0, m.size)
	if err != nil {
		return err
	}
	b, err := m.body(e, maxHeader)
	if err != nil {
		return err
	}
	master(b, func(id uint32, body []byte) {
		if v := ebmlUint(body); id == idReadVersion && v > 1 || id == idMaxIDLength && v > maxIDBytes || id == idMaxSize && v > maxSizeBytes {
			err = problem.Errorf(ErrInvalid, "the EBML header asks for more than there is (element %X is %d)", id, v)
		}
	})
	for off := e.end; err == nil; off = m.segment.end {
		if m.segment, err = m.element(off, m.size); err == nil && m.segment.id == idSegment {
			return nil
		}
	}
	switch {
	case m.segment.id == idSegment && errors.Is(err, errCut):
		err = problem.Because(ErrInvalid, err, "the file is truncated: %d bytes of it are there, and it says that it has more", m.size)
	case errors.Is(err, ErrInvalid):
		err = problem.Because(ErrInvalid, err, "there is no segment in the file: it is truncated, or no Matroska or WebM")
	}
	return err
}

// top reads an element at the top of the segment and returns where the next begins.
func (m *matroska) top(e element) (int64, error) {
	switch e.id {
	case idCluster:
		return m.cluster(e)
	case idInfo:
		return e.end, m.info(e)
	case idTracks:
		return e.end, m.readTracks(e)
	case idSeekHead:
		return e.end, m.seekHead(e)
	}
	if e.unknown {
		return 0, problem.Errorf(ErrInvalid, "element %X at byte %d does not say where it ends", e.id, e.start)
	}
	return e.end, nil
}

func (m *matroska) info(e element) error {
	b, err := m.body(e, maxHeader)
	if err != nil {
		return err
	}
	master(b, func(id uint32, body []byte) {
		if id == idTimestampScale {
			m.scale = ebmlUint(body)
		}
	})
	if m.scale == 0 || m.scale > maxTimestampScale {
		return problem.Errorf(ErrInvalid, "a timestamp scale of %d ns", m.scale)
	}
	return nil
}

// seekHead notes where the tracks are, for files that have them behind the clusters.
func (m *matroska) seekHead(e element) error {
	b, err := m.body(e, maxHeader)
	if err != nil {
		return err
	}
	master(b, func(_ uint32, seek []byte) {
		var id, at uint64
		master(seek, func(field uint32, body []byte) {
			switch field {
			case idSeekID:
				id = ebmlUint(body)
			case idSeekPosition:
				at = ebmlUint(body)
			}
		})
		if id == idTracks && at > 0 && at < uint64(m.segment.len()) {
			m.seek = m.segment.body + int64(at)
		}
	})
	return nil
}

// findTracks reads the tracks that come behind the first cluster.
func (m *matroska) findTracks() error {
	if m.seek == 0 {
		return problem.Errorf(ErrInvalid, "a cluster comes before the description of its tracks")
	}
	e, err := m.element(m.seek, m.segment.end)
	if err != nil {
		return err
	}
	if e.id != idTracks {
		return problem.Errorf(ErrInvalid, "the tracks of the file are not where it says")
	}
	return m.readTracks(e)
}

func (m *matroska) readTracks(e element) error {
	if m.tracks != nil {
		return nil // of several, the first counts
	}
	b, err := m.body(e, maxHeader)
	if err != nil {
		return err
	}
	m.tracks = []*matroskaTrack{}
	master(b, func(id uint32, body []byte) {
		if id != idTrackEntry || err != nil {
			return
		}
		if len(m.tracks) == maxTracks {
			err = problem.Errorf(ErrInvalid, "more than %d tracks", maxTracks)
			return
		}
		var t *matroskaTrack
		if t, err = parseTrackEntry(body); err != nil || m.byNum[t.number] != nil {
			return
		}
		t.keepStripped(b, e.body)
		t.describe()
		m.tracks, m.byNum[t.number] = append(m.tracks, t), t
	})
	return err
}

// choose picks the tracks to present of those that have frames: those that play
// unless the viewer chooses otherwise (FlagDefault) before others, and a cover
// only where there is nothing else.
func (m *matroska) choose() (video *choice, audio []*choice, err error) {
	var s selection
	for _, cover := range []bool{false, true} {
		for _, standard := range []bool{true, false} {
			for _, t := range m.tracks {
				if t.standard != standard || t.isCover() != cover || cover && s.any() {
					continue
				}
				if err := m.offer(&s, t); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	return s.chosen()
}

// offer offers a track that has frames.
func (m *matroska) offer(s *selection, t *matroskaTrack) (err error) {
	if t.blocks == 0 || !t.presentable() || !t.refused() && t.frames.count == 0 {
		return nil
	}
	c := &choice{trak: &trak{handler: t.handler(), enabled: true}}
	if !t.refused() {
		if c, err = m.present(t); err != nil {
			return err
		}
	}
	return s.offer(c, t.err)
}
