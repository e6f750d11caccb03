package media

// av1Look reads the sequence header among the OBUs of av1C.
func av1Look(obus []byte) look {
	if body, _ := av1SequenceOBU(obus); body != nil {
		h := av1Sequence(&bitReader{b: body})
		return h.look
	}
	return look{}
}

// av1SequenceOBU finds the sequence header among OBUs ("AV1 Bitstream & Decoding
// Process Specification" §5.3): its content, and all of it.
func av1SequenceOBU(obus []byte) (body, all []byte) {
	const sequenceHeader = 1
	for len(obus) > 1 {
		kind, extended, sized := obus[0]>>3&15, obus[0]&4 != 0, obus[0]&2 != 0
		head := 1
		if extended {
			head++
		}
		size := len(obus) - head
		if sized {
			v, used := leb128(obus[min(head, len(obus)):])
			if used == 0 {
				break
			}
			head += used
			size = int(v)
		}
		if size < 0 || size > len(obus)-head {
			break
		}
		if kind == sequenceHeader {
			return obus[head : head+size], obus[:head+size]
		}
		obus = obus[head+size:]
	}
	return nil, nil
}

// av1Header is what a sequence header says (§5.5).
type av1Header struct {
	look
	profile, level, tier int
	deep, deeper         bool // 10 bits, 12 bits
	mono, across, down   bool // chroma: none, or less of it in that direction
	position             int  // of its samples
	broken               bool
}

func av1Sequence(r *bitReader) av1Header {
	h := av1Header{profile: r.read(3)}
	r.skip(1)
	reduced := r.flag()
	if reduced {
		h.level = r.read(5)
	} else {
		h.level, h.tier = r.av1Points()
	}
	wide, high := r.read(4)+1, r.read(4)+1
	r.skip(wide + high)
	if !reduced && r.flag() { // frame_id_numbers_present_flag
		r.skip(4 + 3)
	}
	r.skip(3)
	if !reduced {
		r.av1Tools()
	}
	r.skip(3)
	h.color(r)
	if h.broken = r.over; h.broken {
		h.look = look{}
	}
	return h
}

// color reads color_config (§5.5.2).
func (h *av1Header) color(r *bitReader) {
	const rgb = 1<<16 | 13<<8 // of BT.709, sRGB, identity
	h.deep = r.flag()
	if h.profile == 2 && h.deep {
		h.deeper = r.flag()
	}
	if h.profile != 1 {
		h.mono = r.flag()
	}
	described := 0
	if r.flag() { // color_description_present_flag
		described = r.read(24)
		h.transfer = uint16(described >> 8 & 255)
	}
	switch {
	case h.mono:
		r.skip(1)
		h.across, h.down = true, true
		return
	case described == rgb:
		return
	}
	r.skip(1) // color_range
	switch {
	case h.profile == 0:
		h.across, h.down = true, true
	case h.profile == 2 && h.deeper:
		if h.across = r.flag(); h.across {
			h.down = r.flag()
		}
	case h.profile == 2:
		h.across = true
	}
	if h.across && h.down {
		h.position = r.read(2)
	}
}

// config is the configuration that an av1C box has ("AV1 Codec ISO Media File
// Format Binding" §2.3.3), with the header itself.
func (h *av1Header) config(obu []byte) []byte {
	var w bitWriter
	bit := func(b bool) {
		v := 0
		if b {
			v = 1
		}
		w.put(v, 1)
	}
	w.put(1, 1) // marker
	w.put(1, 7) // version
	w.put(h.profile, 3)
	w.put(h.level, 5)
	w.put(h.tier, 1)
	for _, b := range []bool{h.deep, h.deeper, h.mono, h.across, h.down} {
		bit(b)
	}
	w.put(h.position, 2)
	w.put(0, 8)
	return append(w.b, obu...)
}

// av1Points passes over timing and operating points, of which the first tells
// level and tier.
func (r *bitReader) av1Points() (level, tier int) {
	delay, modeled := 0, false
	if r.flag() { // timing_info_present_flag
		r.skip(32 + 32)
		if r.flag() {
			r.golomb() // uvlc() is the same code
		}
		if modeled = r.flag(); modeled {
			delay = r.read(5) + 1
			r.skip(32 + 5 + 5)
		}
	}
	displayed := r.flag()
	for i := range r.read(5) + 1 {
		r.skip(12)
		l, t := r.read(5), 0
		if l > 7 {
			t = r.read(1)
		}
		if i == 0 {
			level, tier = l, t
		}
		if modeled && r.flag() {
			r.skip(2*delay + 1)
		}
		if displayed && r.flag() {
			r.skip(4)
		}
	}
	return level, tier
}

// av1Tools passes over what a sequence may use.
func (r *bitReader) av1Tools() {
	r.skip(4)
	ordered := r.flag()
	if ordered {
		r.skip(2)
	}
	screen := r.either() // chosen by each frame, or forced
	if screen && !r.flag() {
		r.skip(1)
	}
	if ordered {
		r.skip(3)
	}
}
