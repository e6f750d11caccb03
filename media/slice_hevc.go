package media

// hevcSlices reads the slices of HEVC (Rec. ITU-T H.265 §7.3).
type hevcSlices struct {
	sequences map[int]*hevcSequenceSet
	pictures  map[int]*hevcPictureSet
}

const hevcPictures = 34 // nal_unit_type of a picture parameter set

func newHEVCSlices(hvcC []byte) *hevcSlices {
	h := &hevcSlices{sequences: map[int]*hevcSequenceSet{}, pictures: map[int]*hevcPictureSet{}}
	rest := hvcC[23:]
	for range hvcC[22] {
		if len(rest) < 3 {
			break
		}
		count := int(rest[1])<<8 | int(rest[2])
		rest = rest[3:]
		for range count {
			unit := firstUnit(rest)
			if len(unit) < h.header() {
				return h
			}
			h.look(unit)
			rest = rest[2+len(unit):]
		}
	}
	return h
}

func (h *hevcSlices) header() int { return 2 }

func (h *hevcSlices) look(unit []byte) (slice bool) {
	kind, layer := unit[0]>>1&63, unit[0]&1<<5|unit[1]>>3
	switch {
	case kind < 32:
		return true
	case layer > 0: // of another view
	case kind == hevcSequence:
		r := unescaped(unit, 2)
		if id, s := hevcSequenceParameters(r); !r.over && id < 16 {
			h.sequences[id] = s
		}
	case kind == hevcPictures:
		r := unescaped(unit, 2)
		if id, p := hevcPictureParameters(r); !r.over && id < 64 {
			h.pictures[id] = p
		}
	}
	return false
}

// The kinds of slices.
const (
	hevcB = iota
	hevcP
	hevcI
)

// hevcSlice is what is known of a slice while its header is read.
type hevcSlice struct {
	*bitReader
	seq *hevcSequenceSet
	pic *hevcPictureSet

	nal      int
	kind     int
	pictures int // NumPicTotalCurr
	temporal bool
	luma     bool // slice_sao_luma_flag
	chroma   bool // slice_sao_chroma_flag
}

// head reads slice_segment_header (§7.3.6.1) and byte_alignment.
func (h *hevcSlices) head(r *bitReader, unit []byte) bool {
	nal, layer := int(unit[0]>>1&63), unit[0]&1<<5|unit[1]>>3
	if layer > 0 {
		return false
	}
	s := hevcSlice{bitReader: r, nal: nal}
	first := r.flag()
	if nal >= 16 && nal <= 23 {
		r.skip(1) // no_output_of_prior_pics_flag
	}
	if s.pic = h.pictures[r.golomb()]; s.pic == nil {
		return false
	}
	if s.seq = h.sequences[s.pic.sequence]; s.seq == nil {
		return false
	}
	dependent := false
	if !first {
		dependent = s.pic.dependent && r.flag()
		r.skip(s.seq.addressBits)
	}
	if !dependent && !s.independent() {
		return false
	}
	if s.pic.entries {
		s.entryPoints()
	}
	if s.pic.extended {
		r.skip(8 * r.golomb())
	}
	r.skip(1) // and zeros to the end of the byte
	return true
}

// independent reads what a dependent slice segment takes from the one before.
func (s *hevcSlice) independent() bool {
	s.skip(s.pic.extraBits)
	if s.kind = s.golomb(); s.kind > hevcI {
		return false
	}
	if s.pic.output {
		s.skip(1)
	}
	if s.seq.planes {
		s.skip(2)
	}
	if s.nal != 19 && s.nal != 20 && !s.references() { // IDR
		return false
	}
	if s.seq.sao {
		s.luma = s.flag()
		if s.seq.color {
			s.chroma = s.flag()
		}
	}
	if s.kind != hevcI && !s.inter() {
		return false
	}
	s.golomb() // slice_qp_delta
	if s.pic.chromaOffsets {
		s.skipGolombs(2)
	}
	if s.pic.chromaLists {
		s.skip(1)
	}
	s.loopFilters()
	return true
}

// references reads which pictures may be referred to.
func (s *hevcSlice) references() bool {
	s.skip(s.seq.orderBits)
	set := &hevcReferenceSet{}
	if !s.flag() { // short_term_ref_pic_set_sps_flag
		var ok bool
		if set, ok = s.seq.referenceSet(s.bitReader, len(s.seq.sets)); !ok {
			return false
		}
	} else if at := s.read(bitsFor(len(s.seq.sets))); at < len(s.seq.sets) {
		set = &s.seq.sets[at]
	}
	s.pictures = set.used()
	if s.seq.longTerm && !s.longTerm() {
		return false
	}
	if s.seq.temporal {
		s.temporal = s.flag()
	}
	return true
}

// longTerm reads the pictures that stay long.
func (s *hevcSlice) longTerm() bool {
	known := len(s.seq.longUsed)
	listed := 0
	if known > 0 {
		listed = s.golomb()
	}
	n := listed + s.golomb()
	if n > maxReferences {
		return false
	}
	for i := range n {
		used := false
		if i < listed {
			if at := s.read(bitsFor(known)); at < known {
				used = s.seq.longUsed[at]
			}
		} else {
			s.skip(s.seq.orderBits)
			used = s.flag()
		}
		if used {
			s.pictures++
		}
		if s.flag() { // delta_poc_msb_present_flag
			s.golomb()
		}
	}
	return true
}

// inter reads what a P or B slice has beside.
func (s *hevcSlice) inter() bool {
	counts := [2]int{s.pic.references[0], 0}
	if s.kind == hevcB {
		counts[1] = s.pic.references[1]
	}
	if s.flag() { // num_ref_idx_active_override_flag
		counts[0] = s.golomb() + 1
		if s.kind == hevcB {
			counts[1] = s.golomb() + 1
		}
	}
	if counts[0] > maxReferences || counts[1] > maxReferences {
		return false
	}
	if s.pic.modified && s.pictures > 1 {
		for _, n := range counts {
			if n > 0 && s.flag() {
				s.skip(n * bitsFor(s.pictures))
			}
		}
	}
	if s.kind == hevcB {
		s.skip(1) // mvd_l1_zero_flag
	}
	if s.pic.cabacInit {
		s.skip(1)
	}
	if s.temporal {
		list := 0
		if s.kind == hevcB && !s.flag() { // collocated_from_l0_flag
			list = 1
		}
		if counts[list] > 1 {
			s.golomb()
		}
	}
	if s.pic.weighted && s.kind == hevcP || s.pic.bipred && s.kind == hevcB {
		s.weights(counts)
	}
	s.golomb() // five_minus_max_num_merge_cand
	return true
}

// weights passes over pred_weight_table (§7.3.6.3).
func (s *hevcSlice) weights(counts [2]int) {
	s.golomb()
	if s.seq.color {
		s.golomb()
	}
	for _, n := range counts {
		var luma, chroma [maxReferences]bool
		for i := range n {
			luma[i] = s.flag()
		}
		for i := range n {
			chroma[i] = s.seq.color && s.flag()
		}
		for i := range n {
			if luma[i] {
				s.skipGolombs(2)
			}
			if chroma[i] {
				s.skipGolombs(4)
			}
		}
	}
}

func (s *hevcSlice) loopFilters() {
	override := s.pic.override && s.flag()
	off := s.pic.deblockingOff
	if override {
		if off = s.flag(); !off {
			s.skipGolombs(2)
		}
	}
	if s.pic.acrossSlices && (s.luma || s.chroma || !off) {
		s.skip(1)
	}
}

func (s *hevcSlice) entryPoints() {
	n := s.golomb()
	if n == 0 {
		return
	}
	size := s.golomb() + 1
	if n > 8*maxSliceHead || size > 32 {
		s.over = true
		return
	}
	s.skip(n * size)
}

// bitsFor is how many bits one of n choices takes: Ceil(Log2(n)).
func bitsFor(n int) (bits int) {
	for 1<<bits < n {
		bits++
	}
	return bits
}
