package media

// hevcLook reads a sequence parameter set (Rec. ITU-T H.265 §7.3.2.2.1).
func hevcLook(sps []byte) look {
	r := unescaped(sps, 2)
	r.skip(4)
	layers := r.read(3) // sps_max_sub_layers_minus1
	r.skip(1)
	r.hevcProfile(layers)
	r.golomb()
	if r.golomb() == 3 { // chroma_format_idc
		r.skip(1)
	}
	r.skipGolombs(2) // width, height
	if r.flag() {    // conformance_window_flag
		r.skipGolombs(4)
	}
	r.skipGolombs(2)
	order := min(r.golomb(), 12) + 4 // bits of pic_order_cnt_lsb
	ordered := 1
	if r.flag() { // sps_sub_layer_ordering_info_present_flag
		ordered += layers
	}
	r.skipGolombs(3 * ordered)
	r.skipGolombs(6)
	if r.both() { // scaling lists are enabled, and there
		r.hevcScaling()
	}
	r.skip(2)
	if r.flag() { // pcm_enabled_flag
		r.skip(4 + 4)
		r.skipGolombs(2)
		r.skip(1)
	}
	r.hevcReferences()
	if r.flag() { // long_term_ref_pics_present_flag
		for range min(r.golomb(), 32) {
			r.skip(order + 1)
		}
	}
	r.skip(2)
	if !r.flag() { // vui_parameters_present_flag
		return look{}
	}
	return r.vui()
}

// hevcProfile passes over profile_tier_level (§7.3.3).
func (r *bitReader) hevcProfile(layers int) {
	const profile, level = 88, 8
	r.skip(profile + level)
	size := 0
	for i := range 8 {
		if layers == 0 {
			return
		}
		if i >= layers {
			r.skip(2)
			continue
		}
		if r.flag() {
			size += profile
		}
		if r.flag() {
			size += level
		}
	}
	r.skip(size)
}

// hevcScaling passes over scaling_list_data (§7.3.4).
func (r *bitReader) hevcScaling() {
	for size := range 4 {
		step := 1
		if size == 3 {
			step = 3
		}
		for matrix := 0; matrix < 6; matrix += step {
			if !r.flag() { // scaling_list_pred_mode_flag
				r.golomb()
				continue
			}
			if size > 1 {
				r.golomb()
			}
			r.skipGolombs(min(64, 1<<(4+size<<1)))
		}
	}
}

// hevcReferences passes over the short-term reference picture sets (§7.3.7).
func (r *bitReader) hevcReferences() {
	pictures := 0 // of the set before
	for i := range min(r.golomb(), 64) {
		if i > 0 && r.flag() { // inter_ref_pic_set_prediction_flag
			r.skip(1)
			r.golomb()
			kept := 0
			for range pictures + 1 {
				if r.either() { // used, or at least a difference
					kept++
				}
			}
			pictures = kept
			continue
		}
		pictures = min(r.golomb(), 16)
		pictures += min(r.golomb(), 16)
		for range pictures {
			r.golomb()
			r.skip(1)
		}
		if r.over {
			return
		}
	}
}
