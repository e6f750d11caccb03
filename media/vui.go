package media

// look is what a video's parameter sets say of how it is to be shown; 0 where
// they say nothing.
type look struct {
	transfer uint16    // transfer characteristics (ISO/IEC 23091-2 §8.2)
	pixel    [2]uint32 // aspect ratio, width to height
}

// pixels are the aspect ratios that have a number (Rec. ITU-T H.264 table E-1).
var pixels = [...][2]uint32{
	{},
	{1, 1},
	{12, 11},
	{10, 11},
	{16, 11},
	{40, 33},
	{24, 11},
	{20, 11},
	{32, 11},
	{80, 33},
	{18, 11},
	{15, 11},
	{64, 33},
	{160, 99},
	{4, 3},
	{3, 2},
	{2, 1},
}

// vui reads the beginning of the video usability information, which is the same
// in H.264 (§E.1.1) and HEVC (H.265 §E.2.1).
func (r *bitReader) vui() look {
	var l look
	if r.flag() { // aspect_ratio_info_present_flag
		if number := r.read(8); number == 255 {
			l.pixel = [2]uint32{uint32(r.read(16)), uint32(r.read(16))}
		} else if number < len(pixels) {
			l.pixel = pixels[number]
		}
	}
	if r.flag() { // overscan_info_present_flag
		r.skip(1)
	}
	if r.flag() { // video_signal_type_present_flag
		r.skip(3 + 1) // video_format, video_full_range_flag
		if r.flag() { // colour_description_present_flag
			r.skip(8)
			l.transfer = uint16(r.read(8))
		}
	}
	if r.over {
		return look{}
	}
	return l
}

// lookOf reads the first sequence parameter set in a codec configuration.
func lookOf(kind string, boxes map[string][]byte) look {
	switch kind {
	case "avc1", "avc3":
		if avcC := boxes["avcC"]; len(avcC) > 8 && avcC[5]&31 > 0 {
			return avcLook(firstUnit(avcC[6:]))
		}
	case "hvc1", "hev1", "dvh1", "dvhe":
		return hevcLook(hevcUnit(boxes["hvcC"], hevcSequence))
	case "av01":
		if av1C := boxes["av1C"]; len(av1C) > 4 {
			return av1Look(av1C[4:])
		}
	case "vp09":
		return vp9Look(boxes["vpcC"])
	}
	return look{}
}

// firstUnit is a NAL unit after its length in 16 bits.
func firstUnit(b []byte) []byte {
	if len(b) < 2 {
		return nil
	}
	size := int(b[0])<<8 | int(b[1])
	return b[2:min(2+size, len(b))]
}

const hevcSequence = 33 // nal_unit_type of a sequence parameter set

// hevcUnit is the first NAL unit of a kind in hvcC (ISO/IEC 14496-15 §8.3.3.1).
func hevcUnit(hvcC []byte, kind byte) []byte {
	if len(hvcC) < 23 {
		return nil
	}
	rest := hvcC[23:]
	for range hvcC[22] {
		if len(rest) < 3 {
			return nil
		}
		count := int(rest[1])<<8 | int(rest[2])
		if rest[0]&63 == kind && count > 0 {
			return firstUnit(rest[3:])
		}
		var sound bool
		if rest, sound = skipUnits(rest[3:], count); !sound {
			return nil
		}
	}
	return nil
}
