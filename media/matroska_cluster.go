package media

import (
	"github.com/streamgate/streamgate/internal/problem"
)

// cluster reads the blocks of a cluster (RFC 9559 §5.1.3) and returns where it ends.
func (m *matroska) cluster(cluster element) (int64, error) {
	if m.tracks == nil {
		if err := m.findTracks(); err != nil {
			return 0, err
		}
	}
	m.stamped = false
	off := cluster.body
	for off < cluster.end {
		m.reached = off
		e, err := m.element(off, cluster.end)
		if err != nil {
			return 0, err
		}
		if cluster.unknown && isTop(e.id) {
			return off, nil
		}
		if err := m.inCluster(e); err != nil {
			return 0, err
		}
		off = e.end
	}
	return off, nil
}

func (m *matroska) inCluster(e element) (err error) {
	if e.unknown {
		return problem.Errorf(ErrInvalid, "element %X at byte %d does not say where it ends", e.id, e.start)
	}
	switch e.id {
	case idTimestamp:
		m.stamped = true
		if m.stamp, err = m.unsigned(e); err == nil && m.stamp > maxTicks {
			return problem.Errorf(ErrInvalid, "the cluster at byte %d is at a time beyond all reason", e.start)
		}
		return err
	case idSimpleBlock:
		b, err := m.block(e)
		if b == nil || err != nil {
			return err
		}
		return m.frames(b, b.flags&0x80 != 0)
	case idBlockGroup:
		return m.blockGroup(e)
	case idEncryptedBlock:
		return problem.Errorf(ErrEncrypted, "the frames are encrypted")
	}
	return nil
}

// blockGroup reads a BlockGroup: its block is one to begin at when it refers to
// no other (RFC 9559 §5.1.3.5.5).
func (m *matroska) blockGroup(group element) error {
	var b *block
	refers, padding, lasts := false, int64(0), int64(-1)
	for off := group.body; off < group.end; {
		e, err := m.element(off, group.end)
		if err != nil {
			return err
		}
		if e.unknown {
			return problem.Errorf(ErrInvalid, "element %X at byte %d does not say where it ends", e.id, e.start)
		}
		switch e.id {
		case idBlock:
			if b, err = m.block(e); err != nil {
				return err
			}
		case idReferenceBlock:
			refers = true
		case idBlockDuration:
			v, err := m.unsigned(e)
			if err != nil {
				return err
			}
			lasts = int64(min(v, maxTicks))
		case idDiscardPadding:
			body, err := m.body(e, 8)
			if err != nil {
				return err
			}
			padding = ebmlInt(body)
		}
		off = e.end
	}
	if b == nil {
		return nil
	}
	b.padding, b.lasts = padding, lasts
	return m.frames(b, !refers)
}

// block is the header of a Block or SimpleBlock (RFC 9559 §10).
type block struct {
	track *matroskaTrack
	stamp int64
	flags byte
	body  int64
	end   int64

	padding int64 // DiscardPadding, ns
	lasts   int64 // BlockDuration, in ticks of the file; -1 when it is not known
}

// block reads a block's header; nil is one of a track that is not presented.
func (m *matroska) block(e element) (*block, error) {
	h, err := m.peek(e.body, e.end, 8+3)
	if err != nil {
		return nil, err
	}
	number, n := vint(h)
	if n == 0 || len(h) < n+3 {
		return nil, problem.Because(ErrInvalid, errDamaged, "the block at byte %d is broken", e.start)
	}
	t := m.byNum[number]
	if t == nil {
		return nil, nil
	}
	if t.blocks++; (!t.presentable() || t.refused()) && !t.isText() {
		return nil, nil
	}
	if !m.stamped {
		return nil, problem.Because(ErrInvalid, errDamaged, "the block at byte %d comes before the timestamp of its cluster", e.start)
	}
	m.current = block{
		track: t, stamp: int64(m.stamp) + int64(int16(uint16(h[n])<<8|uint16(h[n+1]))), flags: h[n+2],
		body: e.body + int64(n) + 3, end: e.end, lasts: -1,
	}
	return &m.current, nil
}

// frames adds the frames of a block to its track.
func (m *matroska) frames(b *block, sync bool) error {
	if b.track.isText() {
		return m.textBlock(b)
	}
	sizes, off, err := m.laces(b)
	if err != nil {
		return err
	}
	laced := false
	for _, size := range sizes {
		if size > 0 {
			f := frame{offset: off, size: uint32(size), stamp: b.stamp, laced: laced, sync: sync || b.track.kind == matroskaAudioTrack}
			if err := m.frame(b.track, &f); err != nil || b.track.refused() {
				return err
			}
			laced = true
		}
		off += size
	}
	b.track.discard = b.padding // that of the last block counts
	return nil
}

func (m *matroska) frame(t *matroskaTrack, f *frame) error {
	if !t.opened {
		head, err := m.peek(f.offset, f.offset+int64(f.size), peeked)
		if err != nil {
			return err
		}
		if t.open(t.head(head), int64(f.size)+int64(len(t.stripped))); t.refused() {
			return nil
		}
	}
	f.length = t.fixed
	if t.length != nil {
		head, err := m.peek(f.offset, f.offset+int64(f.size), lengthHead)
		if err != nil {
			return err
		}
		f.length = t.length(t.head(head))
	}
	f.size += uint32(len(t.stripped))
	return m.keep(t, f)
}
