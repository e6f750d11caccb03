package media

import "slices"

// hevcSequenceSet is what a slice header needs of a sequence parameter set.
type hevcSequenceSet struct {
	planes      bool // separate_colour_plane_flag
	color       bool // ChromaArrayType is not 0
	addressBits int  // of slice_segment_address
	orderBits   int  // of slice_pic_order_cnt_lsb
	sao         bool
	sets        []hevcReferenceSet
	longTerm    bool
	longUsed    []bool // used_by_curr_pic_lt_sps_flag
	temporal    bool   // sps_temporal_mvp_enabled_flag
}

// hevcSequenceParameters reads Rec. ITU-T H.265 §7.3.2.2.1 as far as slices need
// it. Of screen content, whose slices say more, it reports that too little is
// there.
func hevcSequenceParameters(r *bitReader) (id int, s *hevcSequenceSet) {
	s = &hevcSequenceSet{color: true}
	r.skip(4)
	layers := r.read(3)
	r.skip(1)
	if profile := r.peek(8) & 31; profile == 9 || profile == 11 {
		r.over = true
		return 0, s
	}
	r.hevcProfile(layers)
	id = r.golomb()
	chroma := r.golomb()
	if s.planes = chroma == 3 && r.flag(); s.planes || chroma == 0 {
		s.color = false
	}
	width, height := r.golomb(), r.golomb()
	if r.flag() { // conformance_window_flag
		r.skipGolombs(4)
	}
	r.skipGolombs(2)
	s.orderBits = min(r.golomb(), 12) + 4
	ordered := 1
	if r.flag() {
		ordered += layers
	}
	r.skipGolombs(3 * ordered)
	block := min(r.golomb()+3, 16)
	block += min(r.golomb(), 16)
	s.addressBits = bitsFor(blocksOf(width, block) * blocksOf(height, block))
	r.skipGolombs(4)
	if r.both() { // scaling lists are enabled, and there
		r.hevcScaling()
	}
	r.skip(1)
	s.sao = r.flag()
	if r.flag() { // pcm_enabled_flag
		r.skip(4 + 4)
		r.skipGolombs(2)
		r.skip(1)
	}
	s.shortTerm(r)
	if s.longTerm = r.flag(); s.longTerm {
		for range min(r.golomb(), 32) {
			r.skip(s.orderBits)
			s.longUsed = append(s.longUsed, r.flag())
		}
	}
	s.temporal = r.flag()
	return id, s
}

// blocksOf is how many blocks of 2^bits pixels so many pixels take.
func blocksOf(pixels, bits int) int { return (min(pixels, 1<<20) + 1<<bits - 1) >> bits }

// peek is read, after which r is where it was.
func (r *bitReader) peek(n int) int {
	was := *r
	v := r.read(n)
	*r = was
	return v
}

// hevcReferenceSet is a short-term reference picture set: the pictures before,
// nearest first, and those behind.
type hevcReferenceSet struct {
	before, behind []hevcReference
}

type hevcReference struct {
	delta int // in picture order
	used  bool
}

const maxShortTerm = 16 // pictures in a set

// used is how many of its pictures the current one may refer to.
func (s *hevcReferenceSet) used() (n int) {
	for _, list := range [][]hevcReference{s.before, s.behind} {
		for _, p := range list {
			if p.used {
				n++
			}
		}
	}
	return n
}

func (s *hevcSequenceSet) shortTerm(r *bitReader) {
	n := r.golomb()
	if n > 64 {
		r.over = true
		return
	}
	for range n {
		set, ok := s.referenceSet(r, n)
		if !ok {
			r.over = true
			return
		}
		s.sets = append(s.sets, *set)
	}
}

// referenceSet reads st_ref_pic_set (§7.3.7), of which n stand in the sequence
// parameter set; that of a slice comes after all of them.
func (s *hevcSequenceSet) referenceSet(r *bitReader, n int) (*hevcReferenceSet, bool) {
	at := len(s.sets)
	if at > 0 && r.flag() { // inter_ref_pic_set_prediction_flag
		from := at - 1
		if at == n {
			from -= r.golomb()
		}
		if from < 0 {
			return nil, false
		}
		return s.sets[from].predict(r)
	}
	before, behind := r.golomb(), r.golomb()
	if before+behind > maxShortTerm {
		return nil, false
	}
	return &hevcReferenceSet{r.hevcDistances(before, -1), r.hevcDistances(behind, 1)}, true
}

func (r *bitReader) hevcDistances(n, sign int) (list []hevcReference) {
	delta := 0
	for range n {
		delta += sign * (r.golomb() + 1)
		list = append(list, hevcReference{delta, r.flag()})
	}
	return list
}

// predict reads a set that is said by its differences to another (§7.4.8).
func (s *hevcReferenceSet) predict(r *bitReader) (*hevcReferenceSet, bool) {
	moved := 1
	if r.flag() { // delta_rps_sign
		moved = -1
	}
	moved *= r.golomb() + 1
	kept := make([]hevcReference, 0, len(s.before)+len(s.behind)+1)
	there := make([]bool, 0, cap(kept)) // use_delta_flag
	for _, list := range [][]hevcReference{s.before, s.behind, {{}}} {
		for _, p := range list {
			used := r.flag()
			kept = append(kept, hevcReference{p.delta + moved, used})
			there = append(there, used || r.flag())
		}
	}
	var set hevcReferenceSet
	behind, itself := len(s.before), len(kept)-1
	// Nearest first: of those behind which come to lie before, the farthest is
	// nearest, and the other way round.
	order := make([]int, 0, len(kept))
	for i := itself - 1; i >= behind; i-- {
		order = append(order, i)
	}
	order = append(order, itself)
	for i := range behind {
		order = append(order, i)
	}
	for _, i := range order {
		if there[i] && kept[i].delta < 0 {
			set.before = append(set.before, kept[i])
		}
	}
	for _, i := range slices.Backward(order) {
		if there[i] && kept[i].delta > 0 {
			set.behind = append(set.behind, kept[i])
		}
	}
	return &set, len(set.before)+len(set.behind) <= maxShortTerm
}

// hevcPictureSet is what a slice header needs of a picture parameter set.
type hevcPictureSet struct {
	sequence      int
	dependent     bool // dependent_slice_segments_enabled_flag
	output        bool // output_flag_present_flag
	extraBits     int  // num_extra_slice_header_bits
	cabacInit     bool // cabac_init_present_flag
	references    [2]int
	chromaOffsets bool // pps_slice_chroma_qp_offsets_present_flag
	weighted      bool
	bipred        bool
	entries       bool // tiles or wavefronts
	acrossSlices  bool // pps_loop_filter_across_slices_enabled_flag
	override      bool // deblocking_filter_override_enabled_flag
	deblockingOff bool // pps_deblocking_filter_disabled_flag
	modified      bool // lists_modification_present_flag
	extended      bool // slice_segment_header_extension_present_flag
	chromaLists   bool // chroma_qp_offset_list_enabled_flag
}

// hevcPictureParameters reads §7.3.2.3. Where an extension says more of slices
// than range extensions do, it reports that too little is there.
func hevcPictureParameters(r *bitReader) (id int, p *hevcPictureSet) {
	p = new(hevcPictureSet)
	id, p.sequence = r.golomb(), r.golomb()
	p.dependent, p.output = r.flag(), r.flag()
	p.extraBits = r.read(3)
	r.skip(1)
	p.cabacInit = r.flag()
	p.references = [2]int{r.golomb() + 1, r.golomb() + 1}
	r.golomb()
	r.skip(1)
	transformSkip := r.flag()
	if r.flag() { // cu_qp_delta_enabled_flag
		r.golomb()
	}
	r.skipGolombs(2)
	p.chromaOffsets = r.flag()
	p.weighted, p.bipred = r.flag(), r.flag()
	r.skip(1)
	tiles, wavefronts := r.flag(), r.flag()
	p.entries = tiles || wavefronts
	if tiles {
		r.hevcTiles()
	}
	p.acrossSlices = r.flag()
	if r.flag() { // deblocking_filter_control_present_flag
		p.override, p.deblockingOff = r.flag(), r.flag()
		if !p.deblockingOff {
			r.skipGolombs(2)
		}
	}
	if r.flag() { // pps_scaling_list_data_present_flag
		r.hevcScaling()
	}
	p.modified = r.flag()
	r.golomb()
	p.extended = r.flag()
	if r.flag() { // pps_extension_present_flag
		p.extension(r, transformSkip)
	}
	return id, p
}

func (p *hevcPictureSet) extension(r *bitReader, transformSkip bool) {
	ranges := r.flag()
	if r.read(7) != 0 {
		r.over = true
		return
	}
	if ranges {
		if transformSkip {
			r.golomb()
		}
		r.skip(1)
		p.chromaLists = r.flag()
	}
}

func (r *bitReader) hevcTiles() {
	columns, rows := r.golomb(), r.golomb()
	if columns > 64 || rows > 64 {
		r.over = true
		return
	}
	if !r.flag() { // uniform_spacing_flag
		r.skipGolombs(columns + rows)
	}
	r.skip(1)
}
