package hls

import (
	"encoding/binary"

	"github.com/streamgate/streamgate/media"
)

// appendProtectedFragment is appendFragment for samples that are encrypted by
// cbcs, where subsamples are those of all of them and counts how many each has:
// senc lists them, and saiz and saio say where (ISO/IEC 23001-7 §7, §12.1). Of
// sound, which has none, there is nothing to list: the init segment says all. What
// has another key than the init segment says is told so.
func appendProtectedFragment(dst []byte, t *media.Track, n int, samples []media.Sample, subsamples []media.Subsample, counts []uint8, key *ContentKey) []byte {
	s := &t.Segments[n]
	w := &boxes{b: dst}
	moof := w.fragmentHead(n)
	traf := w.trackHead(s)
	trun := len(w.b)
	w.trun(t, s, samples)
	if key != nil {
		w.keyGroup(t.Kind, key, len(samples))
	}
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
	if key != nil {
		for _, s := range key.Systems {
			w.bytes(s.PSSH...)
		}
	}
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

const seig = "seig" // CencSampleEncryptionInformationGroupEntry

// keyGroup puts all samples of a fragment into a group that has this key (ISO/IEC
// 14496-12 §8.9, ISO/IEC 23001-7 §6): it stands above what the init segment says.
func (w *boxes) keyGroup(kind media.Kind, key *ContentKey, samples int) {
	const inFragment = 0x10000 // the group is described in the fragment itself
	sgpd := w.full("sgpd", 1, 0)
	w.text(seig)
	w.u32(uint32(4 + len(key.ID) + 1 + len(key.IV)))
	w.u32(1)
	w.sampleEncryption(kind, key)
	w.close(sgpd)
	sbgp := w.full("sbgp", 0, 0)
	w.text(seig)
	w.u32(1)
	w.u32(uint32(samples))
	w.u32(inFragment + 1)
	w.close(sbgp)
}

// rotation is how many bytes a fragment takes to say that it has this key.
func rotation(key *ContentKey) int64 {
	if key == nil {
		return 0
	}
	size := int64(12+12+4+len(key.ID)+1+len(key.IV)) + 12 + 16
	for _, s := range key.Systems {
		size += int64(len(s.PSSH))
	}
	return size
}
