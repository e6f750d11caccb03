package media

import (
	"encoding/binary"
	"io"
)

// tally is what has to be known of all samples of a track before the first of its
// tables is written: how long each is.
type tally struct {
	samples   uint32
	durations uint32 // runs of samples that last the same
	shifts    uint32 // runs of samples of the same composition offset
	syncs     uint32
	shifted   bool  // any composition offset
	length    int64 // of all samples, in ticks

	duration uint32 // of the sample before
	shift    int32
}

func (c *tally) add(s *Sample) error {
	if c.samples == 0 || s.Duration != c.duration {
		c.durations, c.duration = c.durations+1, s.Duration
	}
	if c.samples == 0 || s.Shift != c.shift {
		c.shifts, c.shift = c.shifts+1, s.Shift
	}
	if s.Sync {
		c.syncs++
	}
	c.shifted = c.shifted || s.Shift != 0
	c.length += int64(s.Duration)
	c.samples++
	return nil
}

// stbl is the description of all samples of a track (ISO/IEC 14496-12 §8.5 to
// §8.7). Its tables are written one after the other, each from the index.
func (rw *rewriter) stbl(t *rewritten, wide bool) piece {
	stsd := new(fields).zero(4).u32(uint32(len(t.Entries)))
	for _, e := range t.Entries {
		stsd.u8(e...)
	}
	list := []piece{bytesPiece(makeBox("stsd", *stsd)), rw.stts(t)}
	if t.counted.shifted {
		list = append(list, rw.ctts(t))
	}
	if t.counted.syncs < t.counted.samples {
		list = append(list, rw.stss(t))
	}
	return boxPiece("stbl", append(list, stsc(t.Track), rw.stsz(t), rw.stco(t, wide))...)
}

// tablePiece is a full box with count entries of width bytes, which fill puts one by
// one; before the count there are so many bytes of nothing.
func tablePiece(kind string, before int, count uint32, width int, fill func(put func(...uint32) error) error) piece {
	head := binary.BigEndian.AppendUint32(make([]byte, before), count)
	return boxPiece(kind, bytesPiece(head), piece{int64(width) * int64(count), func(w io.Writer) error {
		var b [2 * 4]byte
		return fill(func(values ...uint32) error {
			for i, v := range values {
				binary.BigEndian.PutUint32(b[4*i:], v)
			}
			_, err := w.Write(b[:4*len(values)])
			return err
		})
	}})
}

func (rw *rewriter) stts(t *rewritten) piece {
	return tablePiece("stts", 4, t.counted.durations, 8, func(put func(...uint32) error) error {
		return rw.runs(t, put, func(s *Sample) uint32 { return s.Duration })
	})
}

func (rw *rewriter) ctts(t *rewritten) piece {
	return tablePiece("ctts", 4, t.counted.shifts, 8, func(put func(...uint32) error) error {
		return rw.runs(t, put, func(s *Sample) uint32 { return uint32(s.Shift) })
	})
}

// runs puts how many samples in a row have the same value, and which.
func (rw *rewriter) runs(t *rewritten, put func(...uint32) error, value func(*Sample) uint32) error {
	var count, of uint32
	err := rw.each(t.at, func(s *Sample) error {
		v := value(s)
		if count > 0 && v != of {
			if err := put(count, of); err != nil {
				return err
			}
			count = 0
		}
		count, of = count+1, v
		return nil
	})
	if err == nil && count > 0 {
		err = put(count, of)
	}
	return err
}

func (rw *rewriter) stss(t *rewritten) piece {
	return tablePiece("stss", 4, t.counted.syncs, 4, func(put func(...uint32) error) error {
		number := uint32(0)
		return rw.each(t.at, func(s *Sample) error {
			if number++; !s.Sync {
				return nil
			}
			return put(number)
		})
	})
}

func (rw *rewriter) stsz(t *rewritten) piece {
	return tablePiece("stsz", 8, t.counted.samples, 4, func(put func(...uint32) error) error {
		return rw.each(t.at, func(s *Sample) error { return put(s.Size) })
	})
}

// stsc says how many samples each chunk has, and how they are coded: once for all
// chunks in a row that are alike.
func stsc(t *Track) piece {
	var table fields
	count := uint32(0)
	for i, s := range t.Segments {
		if i > 0 && s.Samples == t.Segments[i-1].Samples && s.Entry == t.Segments[i-1].Entry {
			continue
		}
		table.u32(uint32(i) + 1).u32(uint32(s.Samples)).u32(uint32(s.Entry) + 1)
		count++
	}
	return bytesPiece(makeBox("stsc", *new(fields).zero(4).u32(count), table))
}

// stco says where each chunk lies, which is known when it is written.
func (rw *rewriter) stco(t *rewritten, wide bool) piece {
	if wide {
		return tablePiece("co64", 4, uint32(len(t.offsets)), 8, func(put func(...uint32) error) error {
			for _, o := range t.offsets {
				if err := put(uint32((rw.base+o)>>32), uint32(rw.base+o)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return tablePiece("stco", 4, uint32(len(t.offsets)), 4, func(put func(...uint32) error) error {
		for _, o := range t.offsets {
			if err := put(uint32(rw.base + o)); err != nil {
				return err
			}
		}
		return nil
	})
}
