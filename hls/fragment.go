package hls

import "github.com/streamgate/streamgate/media"

const (
	syncFlags    = 0x02000000 // depends on no other sample
	nonSyncFlags = 0x01010000 // depends on others; is no sync sample

	// Bytes of styp, moof and mdat header around the samples' entries:
	// styp 24, moof 8, mfhd 16, traf 8, tfhd 20, tfdt 20, trun 20, mdat 8.
	fragmentOverhead = 24 + 8 + 16 + 8 + 20 + 20 + 20 + 8
	// How much longer the mdat header is when its size takes 64 bits.
	largeMdat = 8
)

func defaultFlags(t *media.Track) uint32 {
	if t.Layout.Flags {
		return nonSyncFlags
	}
	return syncFlags
}

// entryBytes is how many bytes of the trun box each sample takes.
func entryBytes(l media.Layout) int64 {
	n := int64(4) // size
	for _, there := range []bool{l.Durations, l.Flags, l.Offsets} {
		if there {
			n += 4
		}
	}
	return n
}

// fragmentSize is how many bytes appendFragment appends for a segment.
func fragmentSize(t *media.Track, s *media.Segment) int64 {
	sets := int64(len(t.InBand(s)))
	n := fragmentOverhead + entryBytes(t.Layout)*int64(s.Samples) + sets
	if s.Bytes+sets+8 > 0xffffffff {
		n += largeMdat
	}
	return n
}

// appendFragment appends what stands before the samples' bytes in segment
// number n of a track: styp, moof and the mdat header (ISO/IEC 23000-19 §7.3.2),
// and parameter sets where the first sample gets some.
func appendFragment(dst []byte, t *media.Track, n int, samples []media.Sample) []byte {
	s := &t.Segments[n]
	w := &boxes{b: dst}
	moof := w.fragmentHead(n)
	traf := w.trackHead(s)
	w.trun(t, s, samples)
	w.close(traf)
	w.close(moof)
	w.mdat(s.Bytes + int64(len(t.InBand(s))))
	w.bytes(t.InBand(s)...)
	return w.b
}

// fragmentHead writes styp and opens the moof.
func (w *boxes) fragmentHead(n int) (moof int) {
	styp := w.open("styp")
	w.text("msdh")
	w.u32(0)
	w.text("msdhmsix")
	w.close(styp)
	moof = w.open("moof")
	mfhd := w.full("mfhd", 0, 0)
	w.u32(uint32(n) + 1)
	w.close(mfhd)
	return moof
}

// trackHead opens the traf.
func (w *boxes) trackHead(s *media.Segment) (traf int) {
	traf = w.open("traf")
	tfhd := w.full("tfhd", 0, 0x020002) // base is the moof; sample entry
	w.u32(1)
	w.u32(uint32(s.Entry) + 1)
	w.close(tfhd)
	tfdt := w.full("tfdt", 1, 0)
	w.u64(s.Decode)
	w.close(tfdt)
	return traf
}

// trun lists the samples; the data follows the moof and the mdat header.
func (w *boxes) trun(t *media.Track, s *media.Segment, samples []media.Sample) {
	l := t.Layout
	flags := uint32(0x000201) // data offset, sizes
	if l.Durations {
		flags |= 0x100
	}
	if l.Flags {
		flags |= 0x400
	}
	if l.Offsets {
		flags |= 0x800
	}
	version := byte(0)
	if l.Negative {
		version = 1 // offsets have a sign
	}
	at := w.full("trun", version, flags)
	w.u32(uint32(len(samples)))
	styp := int64(24)
	first := len(t.InBand(s))
	w.u32(uint32(fragmentSize(t, s) - styp - int64(first)))
	for i := range samples {
		s := &samples[i]
		if l.Durations {
			w.u32(s.Duration)
		}
		w.u32(s.Size + uint32(first))
		first = 0
		if l.Flags {
			if s.Sync {
				w.u32(syncFlags)
			} else {
				w.u32(nonSyncFlags)
			}
		}
		if l.Offsets {
			w.u32(uint32(s.Shift))
		}
	}
	w.close(at)
}

func (w *boxes) mdat(size int64) {
	if size+8 > 0xffffffff {
		w.u32(1)
		w.text("mdat")
		w.u64(uint64(size) + 16)
		return
	}
	w.u32(uint32(size) + 8)
	w.text("mdat")
}
