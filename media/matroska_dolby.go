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
	objects          int // complexity index of joint object coding; 0 is none
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
	if n := subs[0].objects; n > 0 {
		w.put(1, 8)
		w.put(n, 8)
	}
	return makeBox("dec3", w.b), nil
}

func eac3Header(b []byte) (*eac3Frame, bool) {
	r := bitReader{b: b[:min(len(b), 64)]}
	if r.read(16) != 0x0b77 {
		return nil, false
	}
	kind := r.read(2)
	r.skip(3) // substream
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
	if f.dependent && r.flag() {
		custom := r.read(16)
		f.locations = custom>>3&0xff<<1 | custom>>1&1 // annex E.1.3.1.8 to the chan_loc of annex F.6.2
		f.locations = reversed(f.locations)
	}
	f.objects = r.eac3Objects(f, kind)
	return f, f.rate > 0 && f.size >= 6 && f.bsid > 10 && f.bsid <= 16 && !r.over
}

// eac3Objects passes over the rest of the header to the additional information,
// which tells of joint object coding (ETSI TS 103 420 §8.3.1).
func (r *bitReader) eac3Objects(f *eac3Frame, kind int) int {
	if r.flag() { // mixmdate
		r.eac3Mixing(f, kind)
	}
	if r.flag() { // infomdate
		r.skip(3 + 1 + 1)
		if f.acmod == 2 {
			r.skip(2 + 2)
		}
		if f.acmod >= 6 {
			r.skip(2)
		}
		for range 1 + both(f.acmod == 0) {
			if r.flag() {
				r.skip(5 + 2 + 1)
			}
		}
		if f.fscod < 3 {
			r.skip(1)
		}
	}
	if kind == 0 && f.samples != 1536 {
		r.skip(1) // convsync
	}
	if kind == 2 && (f.samples == 1536 || r.flag()) {
		r.skip(6) // frmsizecod
	}
	if !r.flag() || r.read(6) < 1 { // addbsie, addbsil
		return 0
	}
	r.skip(7)
	if !r.flag() {
		return 0
	}
	if n := r.read(8); !r.over && n <= maxObjects {
		return n
	}
	return 0
}

func both(b bool) int {
	if b {
		return 1
	}
	return 0
}

// eac3Mixing passes over what is for mixing (ETSI TS 102 366 annex E.1.2.2).
func (r *bitReader) eac3Mixing(f *eac3Frame, kind int) {
	if f.acmod > 2 {
		r.skip(2) // dmixmod
	}
	if f.acmod&1 != 0 && f.acmod > 2 {
		r.skip(3 + 3)
	}
	if f.acmod&4 != 0 {
		r.skip(3 + 3)
	}
	if f.lfe == 1 && r.flag() {
		r.skip(5)
	}
	if kind != 0 {
		return
	}
	for range 1 + both(f.acmod == 0) {
		if r.flag() {
			r.skip(6) // pgmscl
		}
	}
	if r.flag() {
		r.skip(6) // extpgmscl
	}
	switch r.read(2) { // mixdef
	case 1:
		r.skip(5)
	case 2:
		r.skip(12)
	case 3:
		r.skip(8 * (r.read(5) + 2))
	}
	if f.acmod < 2 {
		for range 1 + both(f.acmod == 0) {
			if r.flag() {
				r.skip(8 + 6) // panmean, paninfo
			}
		}
	}
	if !r.flag() { // frmmixcfginfoe
		return
	}
	if f.samples == 256 {
		r.skip(5)
		return
	}
	for range f.samples / 256 {
		if r.flag() {
			r.skip(5)
		}
	}
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
