package media

// av1Look reads the sequence header among the OBUs of av1C ("AV1 Bitstream &
// Decoding Process Specification" §5.3, §5.5).
func av1Look(obus []byte) look {
	const sequenceHeader = 1
	for len(obus) > 1 {
		kind, extended, sized := obus[0]>>3&15, obus[0]&4 != 0, obus[0]&2 != 0
		obus = obus[1:]
		if extended {
			obus = obus[1:]
		}
		size := len(obus)
		if sized {
			v, used := leb128(obus)
			if used == 0 {
				break
			}
			size, obus = int(v), obus[used:]
		}
		if size > len(obus) {
			break
		}
		if kind == sequenceHeader {
			return av1Sequence(&bitReader{b: obus[:size]})
		}
		obus = obus[size:]
	}
	return look{}
}

func av1Sequence(r *bitReader) look {
	profile := r.read(3)
	r.skip(1)
	reduced := r.flag()
	if reduced {
		r.skip(5)
	} else {
		r.av1Points()
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
	deep := r.flag() // color_config, §5.5.2
	if profile == 2 && deep {
		r.skip(1)
	}
	if profile != 1 {
		r.skip(1)
	}
	var l look
	if r.flag() { // color_description_present_flag
		r.skip(8)
		l.transfer = uint16(r.read(8))
	}
	if r.over {
		return look{}
	}
	return l
}

// av1Points passes over timing and operating points.
func (r *bitReader) av1Points() {
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
	for range r.read(5) + 1 {
		r.skip(12)
		if r.read(5) > 7 {
			r.skip(1)
		}
		if modeled && r.flag() {
			r.skip(2*delay + 1)
		}
		if displayed && r.flag() {
			r.skip(4)
		}
	}
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
