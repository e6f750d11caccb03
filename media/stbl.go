package media

import (
	"encoding/binary"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

// raw is one sample as the source has it, in decode order.
type raw struct {
	offset   int64
	decode   int64 // ticks
	size     uint32
	duration uint32 // ticks, as the source says; 0 when it does not
	shift    int32  // composition offset
	sync     bool
	entry    int // sample entry, from 0
}

// samples yields a track's samples in decode order, again after each rewind.
type samples interface {
	rewind() error
	next(*raw) (bool, error)
}

// tableSamples reads the samples of a progressive file from the tables of its
// stbl box (ISO/IEC 14496-12 §8.5 to §8.7), side by side.
type tableSamples struct {
	s     *source
	count int64
	video bool

	stts, ctts, stsc, stco, stsz, stss table
	wide                               bool   // co64
	fixed                              uint32 // size of every sample, where it is the same
	bits                               int    // of a size in stz2; 0 is stsz
	hasSync                            bool

	index              int64
	decode             int64
	offset             int64
	left, delta        uint32 // of the stts run
	leftShift          uint32
	shift              int32
	inChunk, perChunk  uint32
	chunk              uint32 // number of the current chunk, from 1
	entry, nextEntry   int
	nextChunk, nextPer uint32 // the stsc run that comes next
	nextSync           int64
	half               byte // the second sample of a 4-bit stz2 byte
}

func (s *source) tableSamples(t *trak) (*tableSamples, error) {
	it := &tableSamples{s: s, video: t.handler == "vide"}
	if err := it.sizes(t); err != nil {
		return nil, err
	}
	for _, w := range []struct {
		kind  string
		table *table
		width int
	}{
		{"stts", &it.stts, 8},
		{"ctts", &it.ctts, 8},
		{"stsc", &it.stsc, 12},
		{"stco", &it.stco, 4},
		{"co64", &it.stco, 8},
		{"stss", &it.stss, 4},
	} {
		b, ok := t.tables[w.kind]
		if !ok {
			continue
		}
		if b.len() < 8 {
			return nil, problem.Errorf(ErrInvalid, "the %s box of track %d is too short", w.kind, t.id)
		}
		h, err := s.bytes(b.body+4, 4)
		if err != nil {
			return nil, err
		}
		*w.table = s.tableOf(b, 8, int64(binary.BigEndian.Uint32(h)), w.width)
		it.wide = it.wide || w.kind == "co64"
		it.hasSync = it.hasSync || w.kind == "stss" && (it.video || t.syncs)
	}
	return it, it.rewind()
}

func (it *tableSamples) sizes(t *trak) error {
	b, ok := t.tables["stsz"]
	if !ok {
		if b, ok = t.tables["stz2"]; !ok {
			return nil // no samples: those of fragments may follow
		}
	}
	if b.len() < 12 {
		return problem.Errorf(ErrInvalid, "the %s box of track %d is too short", b.kind(), t.id)
	}
	h, err := it.s.bytes(b.body, 12)
	if err != nil {
		return err
	}
	it.count = int64(binary.BigEndian.Uint32(h[8:]))
	width, entries := 4, it.count
	if b.kind() == "stz2" {
		switch it.bits = int(h[7]); it.bits {
		case 4:
			width, entries = 1, (it.count+1)/2
		case 8, 16:
			width = it.bits / 8
		default:
			return problem.Errorf(ErrInvalid, "sample sizes of %d bits", it.bits)
		}
	} else {
		it.fixed = binary.BigEndian.Uint32(h[4:])
	}
	if it.fixed != 0 && it.count*int64(it.fixed) > it.s.size {
		return problem.Errorf(ErrInvalid, "track %d claims %d samples of %d bytes: more than the file has", t.id, it.count, it.fixed)
	}
	it.stsz = it.s.tableOf(b, 12, entries, width)
	if it.fixed == 0 && it.stsz.count < entries {
		return problem.Errorf(ErrInvalid, "track %d claims %d samples and describes fewer", t.id, it.count)
	}
	if it.count > maxSamples {
		return problem.Errorf(ErrInvalid, "track %d has %d samples, more than %d", t.id, it.count, maxSamples)
	}
	return nil
}

func (it *tableSamples) rewind() error {
	for _, t := range []*table{&it.stts, &it.ctts, &it.stsc, &it.stco, &it.stsz, &it.stss} {
		t.rewind()
	}
	it.index, it.decode, it.offset = 0, 0, 0
	it.left, it.leftShift, it.shift = 0, 0, 0
	it.inChunk, it.perChunk, it.chunk, it.entry = 0, 0, 0, 0
	it.nextSync = math.MaxInt64
	if err := it.advanceRun(); err != nil {
		return err
	}
	return it.advanceSync()
}

// advanceRun reads the stsc entry after the one in force.
func (it *tableSamples) advanceRun() error {
	e, err := it.stsc.entry()
	if e == nil {
		it.nextChunk = math.MaxUint32
		return err
	}
	it.nextChunk = binary.BigEndian.Uint32(e)
	it.nextPer = binary.BigEndian.Uint32(e[4:])
	it.nextEntry = int(binary.BigEndian.Uint32(e[8:])) - 1
	return nil
}

func (it *tableSamples) advanceSync() error {
	e, err := it.stss.entry()
	if e == nil {
		it.nextSync = math.MaxInt64
		return err
	}
	it.nextSync = int64(binary.BigEndian.Uint32(e)) - 1
	return nil
}

func (it *tableSamples) next(r *raw) (bool, error) {
	if it.index >= it.count {
		return false, nil
	}
	if err := it.place(); err != nil {
		return false, err
	}
	size, err := it.nextSize()
	if err != nil {
		return false, err
	}
	if err := it.time(); err != nil {
		return false, err
	}
	*r = raw{offset: it.offset, decode: it.decode, size: size, duration: it.delta, shift: it.shift, sync: true, entry: it.entry}
	if it.hasSync {
		for it.nextSync < it.index {
			if err := it.advanceSync(); err != nil {
				return false, err
			}
		}
		r.sync = it.nextSync == it.index
	}
	it.offset += int64(size)
	it.decode += int64(it.delta)
	it.index++
	it.inChunk--
	return true, nil
}

// place makes offset, entry and inChunk those of the next sample.
func (it *tableSamples) place() error {
	for it.inChunk == 0 {
		it.chunk++
		for it.chunk >= it.nextChunk { // runs that begin late or twice: the last one counts
			it.perChunk, it.entry = it.nextPer, it.nextEntry
			if err := it.advanceRun(); err != nil {
				return err
			}
		}
		e, err := it.stco.entry()
		if err != nil {
			return err
		}
		if e == nil {
			return problem.Errorf(ErrInvalid, "the sample tables disagree: sample %d of %d lies in no chunk", it.index+1, it.count)
		}
		if it.wide {
			it.offset = int64(binary.BigEndian.Uint64(e) & math.MaxInt64)
		} else {
			it.offset = int64(binary.BigEndian.Uint32(e))
		}
		it.inChunk = it.perChunk
	}
	return nil
}

func (it *tableSamples) nextSize() (uint32, error) {
	if it.fixed != 0 {
		return it.fixed, nil
	}
	if it.bits == 4 && it.index%2 == 1 {
		return uint32(it.half & 15), nil
	}
	e, err := it.stsz.entry()
	switch {
	case err != nil:
		return 0, err
	case e == nil:
		return 0, problem.Errorf(ErrInvalid, "sample %d has no size", it.index+1)
	case it.bits == 4:
		it.half = e[0]
		return uint32(e[0] >> 4), nil
	case it.bits == 8:
		return uint32(e[0]), nil
	case it.bits == 16:
		return uint32(binary.BigEndian.Uint16(e)), nil
	}
	return binary.BigEndian.Uint32(e), nil
}

// time makes delta and shift those of the next sample.
func (it *tableSamples) time() error {
	if err := it.nextTimes(); err != nil {
		return err
	}
	it.left--
	it.leftShift--
	return nil
}

// nextTimes reads the runs of stts and ctts that the next sample is in. Where stts
// ends early the last duration goes on; where ctts does, nothing is shifted.
func (it *tableSamples) nextTimes() error {
	for it.left == 0 {
		count, delta, ok, err := it.stts.pair()
		if err != nil {
			return err
		}
		if !ok {
			it.left = math.MaxUint32
			break
		}
		if int32(delta) < 0 { // some writers mean a step back; time does not
			delta = 0
		}
		it.left, it.delta = count, delta
	}
	for it.leftShift == 0 {
		count, shift, ok, err := it.ctts.pair()
		if err != nil {
			return err
		}
		if !ok {
			it.leftShift, it.shift = math.MaxUint32, 0
			break
		}
		it.leftShift, it.shift = count, int32(shift)
	}
	return nil
}
