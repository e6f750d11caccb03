package playcheck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// fragment is what the moof boxes of one segment say.
type fragment struct {
	decode   int64 // of the first sample, in ticks
	ends     int64 // decode time after the last sample
	earliest int64 // presentation time
	latest   int64 // end of the sample that is presented last
	samples  int
	sync     bool  // the first sample is a sync sample
	first    int64 // presentation time of the first sample
}

// Bits of tfhd and trun (ISO/IEC 14496-12 §8.8.7, §8.8.8).
const (
	tfhdOffset, tfhdEntry, tfhdDuration, tfhdSize, tfhdFlags        = 0x1, 0x2, 0x8, 0x10, 0x20
	trunOffset, trunFirst                                           = 0x1, 0x4
	trunDuration, trunSize, trunFlags, trunShift             uint32 = 0x100, 0x200, 0x400, 0x800
	notSync                                                         = 0x10000
)

// errShort means that a box ends before its fields do.
var errShort = errors.New("the box ends early")

// fields reads big-endian words one after the other.
type fields struct {
	data []byte
	err  error
}

func (f *fields) word() uint32 {
	if len(f.data) < 4 {
		f.err = errShort
		return 0
	}
	v := binary.BigEndian.Uint32(f.data)
	f.data = f.data[4:]
	return v
}

func (f *fields) long() uint64 { return uint64(f.word())<<32 | uint64(f.word()) }

func (f *fields) when(flags, bit, otherwise uint32) uint32 {
	if flags&bit == 0 {
		return otherwise
	}
	return f.word()
}

// readFragment reads a media segment of one or more moof and mdat pairs, and
// checks that their samples fill their mdat exactly.
func (h *head) readFragment(data []byte) (*fragment, error) {
	out := &fragment{decode: -1, earliest: math.MaxInt64, latest: math.MinInt64}
	var moof *box
	first := true
	for b, err := range boxes(data) {
		if err != nil {
			return nil, err
		}
		if first && b.kind != "styp" && b.kind != "moof" {
			return nil, fmt.Errorf("the segment begins with %q", b.kind)
		}
		first = false
		switch b.kind {
		case "moof":
			moof = &b
		case "mdat":
			if moof == nil {
				return nil, errors.New("mdat without moof")
			}
			start := b.at + 8 - moof.at
			if err := h.readMoof(moof.body, start, len(b.body), out); err != nil {
				return nil, err
			}
			moof = nil
		}
	}
	if out.samples == 0 {
		return nil, errors.New("the segment has no samples")
	}
	return out, nil
}

// readMoof adds the samples of one moof box, whose mdat holds length bytes that
// begin start bytes after the moof.
func (h *head) readMoof(moof []byte, start, length int, out *fragment) error {
	tfhd, tfdt := &fields{data: find(moof, "traf", "tfhd")}, &fields{data: find(moof, "traf", "tfdt")}
	flags := tfhd.word() & 0xffffff
	if id := tfhd.word(); id != h.track {
		return fmt.Errorf("tfhd is of track %d, not %d", id, h.track)
	}
	if flags&tfhdOffset != 0 {
		return errors.New("tfhd has a base data offset, which CMAF forbids")
	}
	tfhd.when(flags, tfhdEntry, 0)
	c := *h
	c.duration, c.size, c.flags = tfhd.when(flags, tfhdDuration, h.duration), tfhd.when(flags, tfhdSize, h.size), tfhd.when(flags, tfhdFlags, h.flags)
	var decode int64
	if version := tfdt.word() >> 24; version == 0 {
		decode = int64(tfdt.word())
	} else {
		decode = int64(tfdt.long())
	}
	if err := errors.Join(tfhd.err, tfdt.err); err != nil {
		return fmt.Errorf("tfhd or tfdt: %w", err)
	}
	if out.decode < 0 {
		out.decode = decode
	} else if decode != out.ends {
		return fmt.Errorf("tfdt %d within a segment, the samples before end at %d", decode, out.ends)
	}
	out.ends = decode
	at := start
	for b, err := range boxes(find(moof, "traf")) {
		if err != nil {
			return err
		}
		if b.kind == "trun" {
			if at, err = c.readTrun(b.body, start, at, out); err != nil {
				return err
			}
		}
	}
	if at != start+length {
		return fmt.Errorf("the samples end at byte %d of the fragment, mdat at %d", at, start+length)
	}
	return nil
}

// readTrun adds the samples of a run that should begin at byte at.
func (h *head) readTrun(trun []byte, start, at int, out *fragment) (int, error) {
	f := &fields{data: trun}
	flags, n := f.word(), f.word()
	if offset := int(int32(f.when(flags, trunOffset, uint32(start)))); offset != at {
		return 0, fmt.Errorf("trun data offset %d, the bytes lie at %d", offset, at)
	}
	special := f.when(flags, trunFirst, h.flags)
	for i := range n {
		if f.err != nil {
			break
		}
		duration, size := f.when(flags, trunDuration, h.duration), f.when(flags, trunSize, h.size)
		otherwise := h.flags
		if i == 0 {
			otherwise = special
		}
		sample := f.when(flags, trunFlags, otherwise)
		shift := int64(f.when(flags, trunShift, 0))
		if flags>>24 != 0 {
			shift = int64(int32(shift))
		}
		if out.samples == 0 {
			out.sync, out.first = sample&notSync == 0, out.ends+shift
		}
		out.earliest, out.latest = min(out.earliest, out.ends+shift), max(out.latest, out.ends+shift+int64(duration))
		out.ends += int64(duration)
		out.samples++
		at += int(size)
	}
	if f.err == nil && len(f.data) != 0 {
		f.err = fmt.Errorf("%d bytes too many", len(f.data))
	}
	if f.err != nil {
		return 0, fmt.Errorf("trun: %w", f.err)
	}
	return at, nil
}
