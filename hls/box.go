package hls

import "encoding/binary"

// boxes writes ISO base media file format boxes (ISO/IEC 14496-12 §4.2) into
// one buffer; sizes are filled in when a box is closed.
type boxes struct {
	b []byte
}

// open begins a box and returns where, for close.
func (w *boxes) open(kind string) int {
	at := len(w.b)
	w.b = append(w.b, 0, 0, 0, 0)
	w.b = append(w.b, kind...)
	return at
}

// full begins a box with a version and flags.
func (w *boxes) full(kind string, version byte, flags uint32) int {
	at := w.open(kind)
	w.u32(uint32(version)<<24 | flags)
	return at
}

func (w *boxes) close(at int) {
	binary.BigEndian.PutUint32(w.b[at:], uint32(len(w.b)-at))
}

func (w *boxes) u16(v uint16)    { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *boxes) u32(v uint32)    { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *boxes) u64(v uint64)    { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *boxes) zero(n int)      { w.b = append(w.b, make([]byte, n)...) }
func (w *boxes) text(s string)   { w.b = append(w.b, s...) }
func (w *boxes) bytes(b ...byte) { w.b = append(w.b, b...) }
