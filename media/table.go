package media

import "encoding/binary"

const tableBuffer = 8 << 10

// table reads a box's array of fixed-size entries in order, through a buffer of
// its own, so that a table of any size costs the same memory.
type table struct {
	s     *source
	begin int64
	count int64
	width int // bytes of an entry
	next  int64
	buf   []byte
	pos   int
}

// tableOf returns the table in box b: after skip bytes of it, count entries of
// width bytes, of which only those that the box holds are there.
func (s *source) tableOf(b box, skip, count int64, width int) table {
	held := max(0, (b.len()-skip)/int64(width))
	return table{s: s, begin: b.body + skip, count: min(count, held), width: width}
}

func (t *table) rewind() { t.next, t.buf, t.pos = 0, t.buf[:0], 0 }

// entry returns the next entry, valid until the next call; nil at the end.
func (t *table) entry() ([]byte, error) {
	if t.pos == len(t.buf) {
		if t.next >= t.count {
			return nil, nil
		}
		if err := t.fill(); err != nil {
			return nil, err
		}
	}
	e := t.buf[t.pos : t.pos+t.width]
	t.pos += t.width
	return e, nil
}

func (t *table) fill() error {
	if err := t.s.ctx.Err(); err != nil {
		return err
	}
	n := min(t.count-t.next, int64(tableBuffer/t.width))
	need := int(n) * t.width
	if cap(t.buf) < need {
		t.buf = make([]byte, need)
	}
	t.buf = t.buf[:need]
	t.pos = 0
	if err := t.s.readFull(t.buf, t.begin+t.next*int64(t.width)); err != nil {
		return err
	}
	t.next += n
	return nil
}

// pair returns the next entry as two 32-bit numbers.
func (t *table) pair() (a, b uint32, ok bool, err error) {
	e, err := t.entry()
	if e == nil {
		return 0, 0, false, err
	}
	return binary.BigEndian.Uint32(e), binary.BigEndian.Uint32(e[4:]), true, nil
}
