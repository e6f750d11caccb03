package media

import (
	"bytes"
	"encoding/binary"
	"errors"
)

const (
	maxRecovered = 64       // places of a file that are damaged
	maxSearched  = 64 << 20 // bytes that are searched for the cluster after one, in all
	searched     = 64 << 10 // bytes that are searched at once
)

// recover says where reading goes on after an error within the element at off.
//
// A segment of unknown size is a recording (RFC 9559 §5.1): where it ends within
// an element, whoever recorded it was stopped, and all before that is whole. One
// that says how long it is was finished once, so what is missing was lost.
//
// Where something is damaged, what follows is read from the next cluster on, as
// players do.
func (m *matroska) recover(off int64, err error) (int64, error) {
	switch {
	case m.tracks == nil:
		return 0, err
	case errors.Is(err, errCut) && m.segment.unknown:
		return m.segment.end, nil
	case !errors.Is(err, errDamaged):
		return 0, err
	}
	next, failed := m.nextCluster(max(off, m.reached))
	switch {
	case failed != nil:
		return 0, failed
	case next > 0:
		return next, nil
	case m.segment.unknown && m.stamped:
		return m.segment.end, nil
	}
	return 0, err
}

// nextCluster searches for a cluster behind off; 0 is none.
func (m *matroska) nextCluster(off int64) (int64, error) {
	if m.recovered++; m.recovered > maxRecovered {
		return 0, nil
	}
	mark := binary.BigEndian.AppendUint32(nil, idCluster)
	for off++; off < m.segment.end && m.searched < maxSearched; {
		b, err := m.peek(off, m.segment.end, searched)
		if err != nil {
			return 0, err
		}
		at := bytes.Index(b, mark)
		switch {
		case at < 0:
			step := max(len(b)-len(mark)+1, 1)
			m.searched += step
			off += int64(step)
			continue
		case m.isCluster(off + int64(at)):
			return off + int64(at), nil
		}
		m.searched += at + 1
		off += int64(at) + 1
	}
	return 0, nil
}

// isCluster reports whether a cluster begins at off: whether it has a size that
// can be, and begins as clusters do.
func (m *matroska) isCluster(off int64) bool {
	e, err := m.element(off, m.segment.end)
	if err != nil {
		return false
	}
	first, err := m.element(e.body, e.end)
	if err != nil {
		return false
	}
	switch first.id {
	case idTimestamp, idCRC, idVoid, idPosition, idPrevSize:
		return true
	}
	return false
}
