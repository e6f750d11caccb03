package media

import "slices"

// highProfiles are those whose sequence parameter set says more of its samples.
var highProfiles = []int{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}

// avcLook reads a sequence parameter set (Rec. ITU-T H.264 §7.3.2.1.1).
func avcLook(sps []byte) look {
	r := unescaped(sps, 1)
	profile := r.read(8)
	r.skip(8 + 8)
	r.golomb()
	if slices.Contains(highProfiles, profile) {
		r.avcSamples()
	}
	r.golomb()
	switch r.golomb() { // pic_order_cnt_type
	case 0:
		r.golomb()
	case 1:
		r.skip(1)
		r.skipGolombs(2)
		r.skipGolombs(min(r.golomb(), 255))
	}
	r.golomb()
	r.skip(1)
	r.skipGolombs(2) // width, height
	if !r.flag() {   // frame_mbs_only_flag
		r.skip(1)
	}
	r.skip(1)
	if r.flag() { // frame_cropping_flag
		r.skipGolombs(4)
	}
	if !r.flag() { // vui_parameters_present_flag
		return look{}
	}
	return r.vui()
}

func (r *bitReader) avcSamples() {
	lists := 8
	if r.golomb() == 3 { // chroma_format_idc
		r.skip(1)
		lists = 12
	}
	r.skipGolombs(2)
	r.skip(1)
	if r.flag() { // seq_scaling_matrix_present_flag
		r.avcScaling(lists)
	}
}

// avcScaling passes over so many scaling lists (§7.3.2.1.1.1).
func (r *bitReader) avcScaling(lists int) {
	for i := range lists {
		if !r.flag() {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		last, next := int(8), int(8)
		for range size {
			if next != 0 {
				next = (last + r.signed() + 256) & 255
			}
			if next != 0 {
				last = next
			}
		}
	}
}
