package fmp4

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Reader reads a file fragment by fragment. It is not for concurrent use.
type Reader struct {
	Track Track

	r    io.ReaderAt
	size int64
	next int64
	trex defaults
}

// defaults are what samples have where their fragment does not say.
type defaults struct {
	duration, size, flags uint32
}

// NewReader reads the init segment. Errors match ErrFormat, io.ErrUnexpectedEOF where
// it is not all there, or are those of r.
func NewReader(r io.ReaderAt, size int64) (*Reader, error) {
	f := &Reader{r: r, size: size}
	for {
		b, err := boxAt(r, f.next, size)
		if err != nil {
			return nil, err
		}
		f.next = b.end
		switch b.kind {
		case "moov":
			whole, err := load(r, b)
			if err != nil {
				return nil, err
			}
			return f, f.moov(whole[b.body-b.start:])
		case "moof", "mdat":
			return nil, fmt.Errorf("%w: %q before moov", ErrFormat, b.kind)
		}
	}
}

// Grow says that the file has size bytes by now: after io.EOF or io.ErrUnexpectedEOF
// Next goes on where it stopped.
func (f *Reader) Grow(size int64) { f.size = size }

// Offset is where the fragment ends that Next returned last, or the init segment.
func (f *Reader) Offset() int64 { return f.next }

// Next is the next fragment that has samples; io.EOF where there is none, and
// io.ErrUnexpectedEOF where it is not all there.
func (f *Reader) Next() (Fragment, error) {
	for f.next < f.size {
		b, err := boxAt(f.r, f.next, f.size)
		if err != nil {
			return Fragment{}, err
		}
		if b.kind != "moof" {
			f.next = b.end
			continue
		}
		data, err := boxAt(f.r, b.end, f.size)
		if err != nil {
			return Fragment{}, err
		}
		whole, err := load(f.r, b)
		if err != nil {
			return Fragment{}, err
		}
		fragment, err := f.moof(b, whole[b.body-b.start:], data)
		if err != nil {
			return Fragment{}, err
		}
		f.next = data.end
		if len(fragment.Samples) > 0 {
			return fragment, nil
		}
	}
	return Fragment{}, io.EOF
}

// SkipTo has Next go on at a place that Offset has told, of the same file: no earlier
// one than now.
func (f *Reader) SkipTo(at int64) error {
	if at < f.next || at > f.size {
		return fmt.Errorf("%w: nothing goes on at %d, between %d and %d", ErrFormat, at, f.next, f.size)
	}
	f.next = at
	return nil
}

// Samples reads the bytes of a fragment's samples, one after the other.
func (f *Reader) Samples(dst io.Writer, fragment Fragment) error {
	for i := 0; i < len(fragment.Samples); {
		from := fragment.Samples[i].Offset
		to := from
		for ; i < len(fragment.Samples) && fragment.Samples[i].Offset == to; i++ {
			to += int64(fragment.Samples[i].Size)
		}
		n, err := io.Copy(dst, io.NewSectionReader(f.r, from, to-from))
		if err == nil && n < to-from {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Reader) moov(body []byte) error {
	tracks := 0
	err := children(body, func(kind string, _, body []byte) error {
		switch kind {
		case "trak":
			tracks++
			return f.trak(kind, body)
		case "mvex":
			return children(body, func(kind string, _, body []byte) error {
				if kind != "trex" {
					return nil
				}
				v := fields{b: body}
				v.skip(12)
				f.trex = defaults{duration: v.u32(), size: v.u32(), flags: v.u32()}
				return v.err(kind)
			})
		}
		return nil
	})
	if err == nil && (tracks != 1 || f.Track.Timescale == 0 || len(f.Track.Entries) == 0) {
		err = fmt.Errorf("%w: %d tracks, and the description of one is wanted", ErrFormat, tracks)
	}
	return err
}

// within says which box within which holds more of a track. No other is gone into: boxes
// that lie within each other without end would take all of the stack.
var within = map[string]string{"trak": "mdia", "mdia": "minf", "minf": "stbl"}

// trak reads what matters of a track, from a box of it.
func (f *Reader) trak(of string, body []byte) error {
	t := &f.Track
	return children(body, func(kind string, whole, body []byte) error {
		v := fields{b: body}
		switch kind {
		case within[of]:
			return f.trak(kind, body)
		case "tkhd":
			if n := len(body); n >= 8 {
				t.Width, t.Height = binary.BigEndian.Uint32(body[n-8:])>>16, binary.BigEndian.Uint32(body[n-4:])>>16
			}
		case "mdhd":
			version, _ := v.full()
			v.skip(8 + 8*int(version&1))
			t.Timescale = v.u32()
		case "hdlr":
			v.skip(8)
			t.Video = string(v.take(4)) == "vide"
		case "stsd":
			t.Entries = whole
		}
		return v.err(kind)
	})
}

func (f *Reader) moof(b box, body []byte, data box) (Fragment, error) {
	var fragment Fragment
	tracks := 0
	err := children(body, func(kind string, _, body []byte) error {
		if kind != "traf" {
			return nil
		}
		tracks++
		return f.traf(&fragment, b.start, data.end-data.body, body)
	})
	switch {
	case err != nil:
		return fragment, err
	case tracks > 1:
		return fragment, fmt.Errorf("%w: %d tracks in a fragment", ErrFormat, tracks)
	}
	for i := range fragment.Samples {
		s := &fragment.Samples[i]
		if s.Size == 0 || s.Offset < data.body || s.Offset+int64(s.Size) > data.end {
			return fragment, fmt.Errorf("%w: a sample is empty or lies outside of its fragment", ErrFormat)
		}
	}
	return fragment, nil
}

// traf reads the samples of a fragment of a track (§8.8.6 to 8.8.8, 8.8.12).
func (f *Reader) traf(fragment *Fragment, base, room int64, body []byte) error {
	d, decode, at := f.trex, int64(0), base
	return children(body, func(kind string, _, body []byte) error {
		v := fields{b: body}
		version, flags := v.full()
		switch kind {
		case "tfhd":
			if flags&0x01 != 0 || flags&0x020000 == 0 {
				return fmt.Errorf("%w: samples do not lie by their moof box", ErrFormat)
			}
			v.skip(4)
			v.optional(flags, 0x02, new(uint32))
			v.optional(flags, 0x08, &d.duration)
			v.optional(flags, 0x10, &d.size)
			v.optional(flags, 0x20, &d.flags)
		case "tfdt":
			if version == 1 {
				decode = int64(v.u64())
			} else {
				decode = int64(v.u32())
			}
			if decode < 0 {
				return fmt.Errorf("%w: a time beyond all times", ErrFormat)
			}
			fragment.Decode = decode
		case "trun":
			count := v.u32()
			if count > maxSamples || int64(len(fragment.Samples))+int64(count) > min(room, maxSamples) {
				return fmt.Errorf("%w: %d samples in %d bytes", ErrFormat, count, room)
			}
			if flags&0x01 != 0 {
				at = base + int64(int32(v.u32()))
			}
			decode, at = fragment.run(&v, count, flags, d, decode, at)
		}
		return v.err(kind)
	})
}

func (f *fields) optional(flags, flag uint32, into *uint32) {
	if flags&flag != 0 {
		*into = f.u32()
	}
}

// run reads the samples of a trun box; it returns when and where the next one begins.
func (fragment *Fragment) run(v *fields, count, flags uint32, d defaults, decode, at int64) (int64, int64) {
	first := d.flags
	v.optional(flags, 0x04, &first)
	for i := range count {
		each, shift := d, uint32(0)
		if i == 0 {
			each.flags = first
		}
		v.optional(flags, 0x100, &each.duration)
		v.optional(flags, 0x200, &each.size)
		v.optional(flags, 0x400, &each.flags)
		v.optional(flags, 0x800, &shift)
		if v.short {
			break
		}
		fragment.Samples = append(fragment.Samples, Sample{
			Shown: decode + int64(int32(shift)), Duration: each.duration, Offset: at, Size: each.size, Sync: each.flags&0x10000 == 0,
		})
		decode += int64(each.duration)
		at += int64(each.size)
	}
	return decode, at
}
