package hls

import (
	"encoding/binary"

	"github.com/streamgate/streamgate/media"
)

// appendProtectedFragment is appendFragment for samples that are encrypted by
// cbcs, where subsamples are those of all of them and counts how many each has:
// senc lists them, and saiz and saio say where (ISO/IEC 23001-7 §7, §12.1). Of
// sound, which has none, there is nothing to list: the init segment says all.
func appendProtectedFragment(dst []byte, t *media.Track, n int, samples []media.Sample, subsamples []media.Subsample, counts []uint8) []byte {
	s := &t.Segments[n]
	w := &boxes{b: dst}
	moof := w.fragmentHead(n)
	traf := w.trackHead(s)
	trun := len(w.b)
	w.trun(t, s, samples)
	if len(counts) > 0 {
		w.saiz(counts)
		saio := w.full("saio", 0, 0)
		w.u32(1)
		w.u32(0)
		w.close(saio)
		begins := w.senc(subsamples, counts)
		binary.BigEndian.PutUint32(w.b[saio+16:], uint32(begins-moof))
	}
	w.close(traf)
	w.close(moof)
	w.mdat(s.Bytes + int64(len(t.InBand(s))))
	binary.BigEndian.PutUint32(w.b[trun+16:], uint32(len(w.b)-moof)) // data_offset
	w.bytes(t.InBand(s)...)
	return w.b
}

// saiz says how large the entry of each sample in senc is: 2 bytes, and 6 for
// each subsample.
func (w *boxes) saiz(counts []uint8) {
	at := w.full("saiz", 0, 0)
	same := true
	for _, c := range counts {
		same = same && c == counts[0]
	}
	if same {
		w.bytes(2 + 6*counts[0])
		w.u32(uint32(len(counts)))
	} else {
		w.bytes(0)
		w.u32(uint32(len(counts)))
		for _, c := range counts {
			w.b = append(w.b, 2+6*c)
		}
	}
	w.close(at)
}

// senc lists the subsamples, and returns where the first entry is.
func (w *boxes) senc(subsamples []media.Subsample, counts []uint8) (begins int) {
	const listed = 2 // there are subsamples
	at := w.full("senc", 0, listed)
	w.u32(uint32(len(counts)))
	begins = len(w.b)
	for _, c := range counts {
		w.u16(uint16(c))
		for _, s := range subsamples[:c] {
			w.u16(s.Clear)
			w.u32(s.Protected)
		}
		subsamples = subsamples[c:]
	}
	w.close(at)
	return begins
}
