package media

import (
	"encoding/binary"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

// fragment is one track fragment (traf) of a moof box: where it lies and what
// holds for its runs (ISO/IEC 14496-12 §8.8).
type fragment struct {
	track    uint32
	timed    bool // decode is known (tfdt)
	decode   int64
	base     int64 // of its data offsets in the file
	start    int64 // content of the traf box
	end      int64
	defaults trex
	follows  bool // its base is where the data of the traf before ends
}

// fragments are kept in pages, so that a long list never moves in memory.
type fragments [][]fragment

const fragmentPage = 1 << 10

func (l fragments) len() int {
	if len(l) == 0 {
		return 0
	}
	return (len(l)-1)*fragmentPage + len(l[len(l)-1])
}

func (l fragments) at(i int) *fragment { return &l[i/fragmentPage][i%fragmentPage] }

func (l *fragments) add(f fragment) *fragment {
	switch n := len(*l); {
	case n == 0:
		*l = append(*l, nil)
	case len((*l)[n-1]) == fragmentPage:
		*l = append(*l, make([]fragment, 0, fragmentPage))
	}
	page := &(*l)[len(*l)-1]
	*page = append(*page, f)
	return &(*page)[len(*page)-1]
}

const (
	tfhdBase     = 0x01
	tfhdEntry    = 0x02
	tfhdDuration = 0x08
	tfhdSize     = 0x10
	tfhdFlags    = 0x20
	tfhdMoofBase = 0x020000

	trunOffset     = 0x01
	trunFirstFlags = 0x04
	trunDuration   = 0x100
	trunSize       = 0x200
	trunFlags      = 0x400
	trunShift      = 0x800

	sampleNonSync = 0x010000
	sampleDepends = 0x01000000
)

// moof notes the track fragments of a movie fragment.
func (s *source) moof(m *movie, moof box) error {
	if m.moofs++; m.moofs > maxFragments {
		return problem.Errorf(ErrInvalid, "more than %d fragments", maxFragments)
	}
	if moof.end-moof.start > maxMoof {
		return problem.Errorf(ErrInvalid, "a fragment's description of %d bytes", moof.end-moof.start)
	}
	if _, err := s.bytes(moof.start, int(moof.end-moof.start)); err != nil { // one read for all of it
		return err
	}
	var before *fragment // within this moof
	return s.children(moof.body, moof.end, func(b box) error {
		if b.kind() != "traf" {
			return nil
		}
		if m.fragments.len() == maxFragments {
			return problem.Errorf(ErrInvalid, "more than %d track fragments", maxFragments)
		}
		f := m.fragments.add(fragment{base: moof.start, start: b.body, end: b.end, follows: before != nil})
		err := s.traf(m, f)
		if err == nil && f.follows {
			f.base, err = s.dataEnd(before)
		}
		before = f
		return err
	})
}

// dataEnd is where the data of a track fragment ends.
func (s *source) dataEnd(f *fragment) (int64, error) {
	it := fragmentSamples{s: s, list: fragments{{*f}}, track: f.track, dataEnd: f.base}
	var r raw
	for {
		if more, err := it.next(&r); !more || err != nil {
			return it.dataEnd, err
		}
	}
}

func (s *source) traf(m *movie, f *fragment) error {
	return s.children(f.start, f.end, func(b box) error {
		switch b.kind() {
		case "tfhd":
			return s.tfhd(m, f, b)
		case "tfdt":
			h, err := s.content(b)
			if err != nil {
				return err
			}
			switch {
			case len(h) >= 12 && h[0] == 1:
				f.decode, f.timed = int64(binary.BigEndian.Uint64(h[4:])&math.MaxInt64), true
			case len(h) >= 8 && h[0] == 0:
				f.decode, f.timed = int64(binary.BigEndian.Uint32(h[4:])), true
			}
		}
		return nil
	})
}

func (s *source) tfhd(m *movie, f *fragment, b box) error {
	h, err := s.content(b)
	if err != nil {
		return err
	}
	if len(h) < 8 {
		return problem.Errorf(ErrInvalid, "a tfhd box is too short")
	}
	flags := binary.BigEndian.Uint32(h) & 0xffffff
	f.track = binary.BigEndian.Uint32(h[4:])
	f.defaults = m.defaults[f.track]
	h = h[8:]
	if flags&tfhdBase != 0 {
		if len(h) < 8 {
			return problem.Errorf(ErrInvalid, "a tfhd box is too short")
		}
		f.base, f.follows = int64(binary.BigEndian.Uint64(h)&math.MaxInt64), false
		h = h[8:]
	} else if flags&tfhdMoofBase != 0 {
		f.follows = false
	}
	for _, field := range [...]struct {
		flag uint32
		to   *uint32
	}{
		{tfhdEntry, &f.defaults.entry},
		{tfhdDuration, &f.defaults.duration},
		{tfhdSize, &f.defaults.size},
		{tfhdFlags, &f.defaults.flags},
	} {
		if flags&field.flag == 0 {
			continue
		}
		if len(h) < 4 {
			return problem.Errorf(ErrInvalid, "a tfhd box is too short")
		}
		*field.to, h = binary.BigEndian.Uint32(h), h[4:]
	}
	return nil
}

// fragmentSamples reads a track's samples from its fragments, in their order.
type fragmentSamples struct {
	s     *source
	list  fragments
	track uint32
	count int64 // yielded so far, as a bound

	at      int // fragment that is read next
	current *fragment
	boxOff  int64 // next box within the current traf
	run     run
	decode  int64
	dataEnd int64 // where the data of the run before ends
}

// run is what is left of a trun box.
type run struct {
	table      table
	flags      uint32
	left       uint32
	offset     int64
	firstFlags uint32
	first      bool
}

func (it *fragmentSamples) rewind() error {
	*it = fragmentSamples{s: it.s, list: it.list, track: it.track}
	return nil
}

func (it *fragmentSamples) next(r *raw) (bool, error) {
	for it.run.left == 0 {
		more, err := it.nextRun()
		if !more || err != nil {
			return false, err
		}
	}
	if it.count++; it.count > maxSamples {
		return false, problem.Errorf(ErrInvalid, "track %d has more than %d samples", it.track, maxSamples)
	}
	return true, it.sample(r)
}

func (it *fragmentSamples) sample(r *raw) error {
	d := &it.current.defaults
	*r = raw{offset: it.run.offset, decode: it.decode, size: d.size, duration: d.duration, entry: max(int(d.entry), 1) - 1}
	flags := d.flags
	if it.run.first && it.run.flags&trunFirstFlags != 0 {
		flags = it.run.firstFlags
	}
	if it.run.table.width > 0 {
		e, err := it.run.table.entry()
		if err != nil {
			return err
		}
		if e == nil {
			return problem.Errorf(ErrInvalid, "a fragment of track %d describes fewer samples than it claims", it.track)
		}
		for _, field := range []uint32{trunDuration, trunSize, trunFlags, trunShift} {
			if it.run.flags&field == 0 {
				continue
			}
			v := binary.BigEndian.Uint32(e)
			e = e[4:]
			switch field {
			case trunDuration:
				r.duration = v
			case trunSize:
				r.size = v
			case trunFlags:
				flags = v
			case trunShift:
				r.shift = int32(v)
			}
		}
	}
	r.sync = flags&(sampleNonSync|sampleDepends) == 0
	it.run.first = false
	it.run.left--
	it.run.offset += int64(r.size)
	it.dataEnd = it.run.offset
	it.decode += int64(r.duration)
	return nil
}

// nextRun opens the next trun box of the track.
func (it *fragmentSamples) nextRun() (bool, error) {
	for {
		if it.current == nil {
			if it.at == it.list.len() {
				return false, nil
			}
			it.open(it.list.at(it.at))
			it.at++
		}
		if it.boxOff > it.current.end-8 {
			it.current = nil
			continue
		}
		b, err := it.s.box(it.boxOff, it.current.end)
		if err != nil {
			return false, err
		}
		it.boxOff = b.end
		if b.kind() == "trun" && it.current.track == it.track {
			return true, it.trun(b)
		}
	}
}

func (it *fragmentSamples) open(f *fragment) {
	it.current, it.boxOff = f, f.start
	if f.track == it.track && f.timed {
		it.decode = f.decode
	}
	it.dataEnd = f.base
}

func (it *fragmentSamples) trun(b box) error {
	h, err := it.s.bytes(b.body, int(min(b.len(), 16)))
	if err != nil {
		return err
	}
	if len(h) < 8 {
		return problem.Errorf(ErrInvalid, "a trun box is too short")
	}
	flags, count := binary.BigEndian.Uint32(h)&0xffffff, binary.BigEndian.Uint32(h[4:])
	r := run{flags: flags, left: count, offset: it.dataEnd, first: true}
	skip := int64(8)
	if flags&trunOffset != 0 {
		if len(h) < int(skip)+4 {
			return problem.Errorf(ErrInvalid, "a trun box is too short")
		}
		r.offset = it.current.base + int64(int32(binary.BigEndian.Uint32(h[skip:])))
		skip += 4
	}
	if flags&trunFirstFlags != 0 {
		if len(h) < int(skip)+4 {
			return problem.Errorf(ErrInvalid, "a trun box is too short")
		}
		r.firstFlags = binary.BigEndian.Uint32(h[skip:])
		skip += 4
	}
	width := 0
	for _, field := range []uint32{trunDuration, trunSize, trunFlags, trunShift} {
		if flags&field != 0 {
			width += 4
		}
	}
	if width > 0 {
		buf := it.run.table.buf[:0] // for the next run to use again
		r.table = it.s.tableOf(b, skip, int64(count), width)
		r.table.buf = buf
	} else if count > maxSamples || int64(count)*int64(max(it.current.defaults.size, 1)) > it.s.size {
		return problem.Errorf(ErrInvalid, "a fragment of track %d claims %d samples: more than the file has", it.track, count)
	}
	it.run = r
	return nil
}
