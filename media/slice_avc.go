package media

import "slices"

// avcSlices reads the slices of H.264 (Rec. ITU-T H.264 §7.3).
type avcSlices struct {
	sequences map[int]*avcSequence
	pictures  map[int]*avcPictureSet
}

// avcSequence is what a slice header needs of a sequence parameter set.
type avcSequence struct {
	planes     bool // separate_colour_plane_flag
	color      bool // ChromaArrayType is not 0
	frameBits  int  // of frame_num
	orderType  int  // pic_order_cnt_type
	orderBits  int  // of pic_order_cnt_lsb
	orderZero  bool // delta_pic_order_always_zero_flag
	framesOnly bool // frame_mbs_only_flag

	// Of pic_order_cnt_type 1.
	orderOther  int   // offset_for_non_ref_pic
	orderBottom int   // offset_for_top_to_bottom_field
	orderCycle  []int // offset_for_ref_frame
}

// avcPictureSet is what it needs of a picture parameter set.
type avcPictureSet struct {
	sequence   int
	cabac      bool
	order      bool   // bottom_field_pic_order_in_frame_present_flag
	references [2]int // num_ref_idx_default_active
	weighted   bool
	bipred     int  // weighted_bipred_idc
	deblocking bool // deblocking_filter_control_present_flag
	redundant  bool // redundant_pic_cnt_present_flag
}

const (
	avcSPS = 7
	avcPPS = 8
)

func newAVCSlices(avcC []byte) *avcSlices {
	a := &avcSlices{sequences: map[int]*avcSequence{}, pictures: map[int]*avcPictureSet{}}
	rest := a.sets(avcC[6:], int(avcC[5]&31))
	if len(rest) > 0 {
		a.sets(rest[1:], int(rest[0]))
	}
	return a
}

// sets looks at n units, each after its length in 16 bits.
func (a *avcSlices) sets(b []byte, n int) (rest []byte) {
	for range n {
		unit := firstUnit(b)
		if len(unit) == 0 {
			return nil
		}
		a.look(unit)
		b = b[2+len(unit):]
	}
	return b
}

func (a *avcSlices) header() int { return 1 }

func (a *avcSlices) look(unit []byte) (slice bool) {
	switch unit[0] & 31 {
	case 1, 2, 3, 4, 5, 19, 20, 21: // slices, partitions, auxiliary pictures, further views
		return true
	case avcSPS:
		r := unescaped(unit, 1)
		if id, s := avcSequenceSet(r); !r.over && id < 32 {
			a.sequences[id] = s
		}
	case avcPPS:
		r := unescaped(unit, 1)
		if id, p := avcPictureParameters(r); !r.over && id < 256 {
			a.pictures[id] = p
		}
	}
	return false
}

// avcSequenceSet reads §7.3.2.1.1 as far as slices need it.
func avcSequenceSet(r *bitReader) (id int, s *avcSequence) {
	s = &avcSequence{color: true}
	profile := r.read(8)
	r.skip(8 + 8)
	id = r.golomb()
	if slices.Contains(highProfiles, profile) {
		chroma := r.golomb()
		if s.planes = chroma == 3 && r.flag(); s.planes || chroma == 0 {
			s.color = false
		}
		r.skipGolombs(2)
		r.skip(1)
		if r.flag() { // seq_scaling_matrix_present_flag
			lists := 8
			if chroma == 3 {
				lists = 12
			}
			r.avcScaling(lists)
		}
	}
	s.frameBits = min(r.golomb(), 12) + 4
	switch s.orderType = r.golomb(); s.orderType {
	case 0:
		s.orderBits = min(r.golomb(), 12) + 4
	case 1:
		s.orderZero = r.flag()
		s.orderOther, s.orderBottom = r.signed(), r.signed()
		for n := min(r.golomb(), 255); n > 0 && !r.over; n-- {
			s.orderCycle = append(s.orderCycle, r.signed())
		}
	}
	r.golomb()
	r.skip(1)
	r.skipGolombs(2) // width, height
	s.framesOnly = r.flag()
	return id, s
}

// avcPictureParameters reads §7.3.2.2. Of pictures in slice groups, which no
// profile in use has, it reports that too little is there.
func avcPictureParameters(r *bitReader) (id int, p *avcPictureSet) {
	p = new(avcPictureSet)
	id, p.sequence = r.golomb(), r.golomb()
	p.cabac, p.order = r.flag(), r.flag()
	if r.golomb() > 0 { // num_slice_groups_minus1
		r.over = true
		return id, p
	}
	p.references = [2]int{r.golomb() + 1, r.golomb() + 1}
	p.weighted, p.bipred = r.flag(), r.read(2)
	r.skipGolombs(3)
	p.deblocking = r.flag()
	r.skip(1)
	p.redundant = r.flag()
	return id, p
}

// The kinds of slices, of both codecs by their own numbers: avc has P, B, I, SP,
// SI from 0 on.
const (
	avcP = iota
	avcB
	avcI
	avcSP
	avcSI
)

// maxReferences is how many pictures a list may have: 32 fields.
const maxReferences = 32

// avcSlice is what a slice's header says of its picture.
type avcSlice struct {
	avcNumbers

	sequence  int // the id of its set
	first     bool
	kind      int
	keyed     bool // it is of an IDR picture
	reference bool
	marking   avcMarks
}

// head reads slice_header (§7.3.3).
func (a *avcSlices) head(r *bitReader, unit []byte) bool {
	_, ok := a.slice(r, unit)
	return ok
}

// slice reads slice_header (§7.3.3).
func (a *avcSlices) slice(r *bitReader, unit []byte) (slice avcSlice, ok bool) {
	nal, reference := unit[0]&31, unit[0]>>5&3 != 0
	if nal != 1 && nal != 5 {
		return slice, false
	}
	slice.first = r.golomb() == 0 // first_mb_in_slice
	kind := r.golomb() % 5
	p := a.pictures[r.golomb()]
	if p == nil || a.sequences[p.sequence] == nil {
		return slice, false
	}
	s := a.sequences[p.sequence]
	slice.sequence, slice.kind, slice.keyed, slice.reference = p.sequence, kind, nal == 5, reference
	slice.avcNumbers = s.order(r, p, nal == 5)
	if p.redundant {
		r.golomb()
	}
	counts := p.lists(r, kind)
	if counts[0] > maxReferences || counts[1] > maxReferences {
		return slice, false
	}
	for _, n := range counts {
		if n > 0 {
			r.avcReorder()
		}
	}
	if p.weighted && (kind == avcP || kind == avcSP) || p.bipred == 1 && kind == avcB {
		r.avcWeights(counts, s.color)
	}
	if reference {
		slice.marking = r.avcMarking(nal == 5)
	}
	if p.cabac && kind != avcI && kind != avcSI {
		r.golomb() // cabac_init_idc
	}
	r.golomb() // slice_qp_delta
	switch kind {
	case avcSP:
		r.skip(1)
		r.golomb()
	case avcSI:
		r.golomb()
	}
	if p.deblocking && r.golomb() != 1 {
		r.skipGolombs(2)
	}
	return slice, true
}

// avcNumbers say which picture a slice is of.
type avcNumbers struct {
	frame int  // frame_num
	field bool // it is half of a frame
	idr   int  // idr_pic_id
	order int  // pic_order_cnt_lsb
	delta [2]int
}

// order reads which picture it is: colour_plane_id to delta_pic_order_cnt.
func (s *avcSequence) order(r *bitReader, p *avcPictureSet, idr bool) (n avcNumbers) {
	if s.planes {
		r.skip(2)
	}
	n.frame = r.read(s.frameBits)
	if !s.framesOnly {
		if n.field = r.flag(); n.field {
			r.skip(1)
		}
	}
	if idr {
		n.idr = r.golomb()
	}
	switch {
	case s.orderType == 0:
		n.order = r.read(s.orderBits)
		if p.order && !n.field {
			n.delta[0] = r.signed()
		}
	case s.orderType == 1 && !s.orderZero:
		n.delta[0] = r.signed()
		if p.order && !n.field {
			n.delta[1] = r.signed()
		}
	}
	return n
}

// lists reads how many pictures each list has: 0 for a list that is not there.
func (p *avcPictureSet) lists(r *bitReader, kind int) (counts [2]int) {
	if kind == avcB {
		r.skip(1) // direct_spatial_mv_pred_flag
	}
	if kind == avcI || kind == avcSI {
		return counts
	}
	counts[0] = p.references[0]
	if kind == avcB {
		counts[1] = p.references[1]
	}
	if r.flag() { // num_ref_idx_active_override_flag
		counts[0] = r.golomb() + 1
		if kind == avcB {
			counts[1] = r.golomb() + 1
		}
	}
	return counts
}

// avcReorder passes over the modifications of one list (§7.3.3.1).
func (r *bitReader) avcReorder() {
	if !r.flag() {
		return
	}
	for r.golomb() != 3 && !r.over {
		r.golomb()
	}
}

// avcWeights passes over pred_weight_table (§7.3.3.2).
func (r *bitReader) avcWeights(counts [2]int, color bool) {
	r.golomb()
	if color {
		r.golomb()
	}
	for _, n := range counts {
		for range n {
			if r.flag() {
				r.skipGolombs(2)
			}
			if color && r.flag() {
				r.skipGolombs(4)
			}
		}
	}
}

// avcMarks is what dec_ref_pic_marking says of the pictures before.
type avcMarks struct {
	drops  bool // no_output_of_prior_pics_flag of an IDR picture: what was not shown yet is not
	afresh bool // memory_management_control_operation 5: the picture is as good as an IDR picture
}

// avcMarking reads dec_ref_pic_marking (§7.3.3.3).
func (r *bitReader) avcMarking(idr bool) (m avcMarks) {
	if idr {
		m.drops = r.flag()
		r.skip(1)
		return m
	}
	if !r.flag() { // adaptive_ref_pic_marking_mode_flag
		return m
	}
	for !r.over {
		switch r.golomb() {
		case 0:
			return m
		case 1, 2, 4, 6:
			r.golomb()
		case 3:
			r.skipGolombs(2)
		case 5:
			m.afresh = true
		}
	}
	return m
}
