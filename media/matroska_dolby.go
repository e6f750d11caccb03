package media

import (
	"github.com/streamgate/streamgate/internal/problem"
)

// eac3Frame is the header of one frame of E-AC-3 (ETSI TS 102 366 annex E.1.2).
type eac3Frame struct {
	dependent        bool
	size             int // bytes
	fscod, rate      int
	samples          int
	acmod, lfe, bsid int
	locations        int // of channels, as chan_loc
}

// dec3 is made of the frames of one access unit (annex F.6): an independent
// substream, those that depend on it, and further ones. What is shorter than
// 1536 samples would have to be joined.
func dec3(b []byte, size int64) ([]byte, error) {
	var subs []*eac3Frame // independent
	var deps, locations []int
	bits := 0 // kbit/s
	for off := 0; int64(off) < size && off < len(b); {
		f, ok := eac3Header(b[off:])
		if !ok || int64(off+f.size) > size {
			return nil, errEAC3
		}
		if f.samples != 1536 {
			return nil, problem.Errorf(ErrUnsupported, "E-AC-3 (A_EAC3) in frames of %d samples cannot be carried in HLS as it is", f.samples)
		}
		bits += (f.size*8*f.rate/f.samples + 999) / 1000
		switch {
		case !f.dependent:
			subs, deps, locations = append(subs, f), append(deps, 0), append(locations, 0)
		case len(subs) == 0:
			return nil, errEAC3
		default:
			deps[len(deps)-1]++
			locations[len(deps)-1] |= f.locations
		}
		off += f.size
	}
	if len(subs) == 0 || len(subs) > 8 {
		return nil, errEAC3
	}
	var w bitWriter
	w.put(min(bits, 1<<13-1), 13)
	w.put(len(subs)-1, 3)
	for i, f := range subs {
		w.put(f.fscod, 2)
		w.put(f.bsid, 5)
		w.put(0, 1+1+3) // reserved, no associated service, main service
		w.put(f.acmod, 3)
		w.put(f.lfe, 1)
		w.put(0, 3)
		w.put(deps[i], 4)
		if deps[i] > 0 {
			w.put(locations[i], 9)
		} else {
			w.put(0, 1)
		}
	}
	return makeBox("dec3", w.b), nil
}

func eac3Header(b []byte) (*eac3Frame, bool) {
	r := bitReader{b: b[:min(len(b), 64)]}
	if r.read(16) != 0x0b77 {
		return nil, false
	}
	kind := r.read(2)
	r.read(3) // substream
	f := &eac3Frame{dependent: kind == 1, size: 2 * (r.read(11) + 1), samples: 1536}
	if f.fscod = r.read(2); f.fscod == 3 {
		f.rate = [4]int{24000, 22050, 16000, 0}[r.read(2)]
	} else {
		f.rate, f.samples = [3]int{48000, 44100, 32000}[f.fscod], [4]int{256, 512, 768, 1536}[r.read(2)]
	}
	f.acmod, f.lfe, f.bsid = r.read(3), r.read(1), r.read(5)
	dialogs := 1
	if f.acmod == 0 {
		dialogs = 2 // one for each of two languages
	}
	for range dialogs {
		r.read(5) // dialnorm
		if r.read(1) == 1 {
			r.read(8) // compr
		}
	}
	if f.dependent && r.read(1) == 1 {
		custom := r.read(16)
		f.locations = custom>>3&0xff<<1 | custom>>1&1 // annex E.1.3.1.8 to the chan_loc of annex F.6.2
		f.locations = reversed(f.locations)
	}
	return f, f.rate > 0 && f.size >= 6 && f.bsid > 10 && f.bsid <= 16 && !r.over
}

// reversed turns 9 bits around: chan_loc counts from the least significant.
func reversed(v int) (out int) {
	for i := range 9 {
		out |= v >> i & 1 << (8 - i)
	}
	return out
}

// bitWriter writes bit fields, most significant first.
type bitWriter struct {
	b []byte
	n int
}

func (w *bitWriter) put(v, bits int) {
	for i := bits - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[len(w.b)-1] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
}
