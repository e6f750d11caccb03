package media

import (
	"encoding/binary"

	"github.com/streamgate/streamgate/internal/problem"
)

const visualHeader = 78 // bytes of a VisualSampleEntry before its boxes (ISO/IEC 14496-12 §12.1.3)

// What of a video sample entry is of use to a player; anything else stays out.
var videoBoxes = map[string]bool{
	"avcC": true, "hvcC": true, "av1C": true, "dvcC": true, "dvvC": true, "lhvC": true, "vexu": true,
	"hfov": true, "pasp": true, "clap": true, "colr": true, "mdcv": true, "clli": true, "btrt": true,
	"vpcC": true, "SmDm": true, "CoLL": true,
}

func videoEntry(kind string, content []byte) (entry, error) {
	if kind == "encv" {
		return entry{}, problem.Errorf(ErrEncrypted, "the video is encrypted")
	}
	if len(content) < visualHeader {
		return entry{}, problem.Errorf(ErrInvalid, "a video sample entry is too short")
	}
	e := entry{
		width:  int(binary.BigEndian.Uint16(content[24:])),
		height: int(binary.BigEndian.Uint16(content[26:])),
	}
	kept := [][]byte{content[:visualHeader]}
	boxes := map[string][]byte{}
	for _, b := range inners(content[visualHeader:]) {
		if _, twice := boxes[b.kind]; !videoBoxes[b.kind] || twice && b.kind != "colr" {
			continue
		}
		switch b.kind {
		case "colr":
			b.all = e.color(b.body)
		case "vpcC":
			b = e.vp9(b)
		case "SmDm", "CoLL":
			b.all = vp9Static(b.kind, b.body)
		}
		if b.all == nil {
			continue
		}
		boxes[b.kind] = b.body
		kept = append(kept, b.all)
	}
	var err error
	if kind == "mp4v" {
		return entry{}, unsupported("video", visualObject(content[visualHeader:]))
	}
	if kind, e.codec, err = videoCodec(kind, boxes); err != nil {
		return entry{}, err
	}
	e.look(kind, boxes)
	e.box = makeBox(kind, kept...)
	return e, nil
}

// videoCodec returns the sample entry's name in the init segment, and the codec
// string of RFC 6381. Parameter sets that stand in the configuration make hvc1
// and avc1 of hev1 and avc3: more players take those.
func videoCodec(kind string, boxes map[string][]byte) (name, codec string, err error) {
	switch kind {
	case "avc1", "avc3", "dva1", "dvav": // Dolby Vision of profile 9 is H.264 to others
		if kind == "dva1" {
			kind = "avc1"
		} else if kind == "dvav" {
			kind = "avc3"
		}
		if held, _ := avcParameters(boxes["avcC"]); held {
			kind = "avc1"
		}
		codec, err = avcCodec(kind, boxes["avcC"])
	case "hvc1", "hev1":
		if held, _ := hevcParameters(boxes["hvcC"]); held {
			kind = "hvc1"
		}
		codec, err = hevcCodec(kind, boxes["hvcC"])
	case "dvh1", "dvhe":
		if held, _ := hevcParameters(boxes["hvcC"]); held {
			kind = "dvh1"
		}
		codec, err = dolbyVisionCodec(kind, boxes)
	case "av01":
		codec, err = av1Codec(boxes["av1C"])
	case "vp09":
		codec, err = vp9Codec(boxes["vpcC"])
	default:
		err = unsupported("video", kind)
	}
	return kind, codec, err
}

// visualObject names what mp4v is of, by the object type of its esds (ISO/IEC
// 14496-1 §7.2.6.6).
func visualObject(boxes []byte) string {
	for _, b := range inners(boxes) {
		if b.kind != "esds" {
			continue
		}
		switch object, _, _ := esdsConfig(b.body); {
		case object >= 0x60 && object <= 0x65:
			return "m2v1"
		case object == 0x6a:
			return "m1v "
		case object == 0x6c:
			return "jpeg"
		case object == 0x6d:
			return "png "
		}
	}
	return "mp4v"
}

// look notes how the video is to be shown: as its boxes say, else as its
// parameter sets do, else as Dolby Vision needs it.
func (e *entry) look(kind string, boxes map[string][]byte) {
	l := lookOf(kind, boxes)
	if pasp := boxes["pasp"]; len(pasp) >= 8 {
		l.pixel = [2]uint32{binary.BigEndian.Uint32(pasp), binary.BigEndian.Uint32(pasp[4:])}
	}
	e.told = l.pixel[0] > 0 && l.pixel[1] > 0
	e.aspect(l.pixel[0], l.pixel[1])
	if e.colors == "" {
		e.colors = videoRange(l.transfer)
	}
	if dolby, ok := dolbyOf(boxes); ok {
		e.supplemental = dolby.supplemental(kind)
		if e.colors == "" && dolby.profile != 7 {
			e.colors = dolbyRanges[dolby.base]
		}
	}
}

// aspect widens the picture by its pixel aspect ratio.
func (e *entry) aspect(h, v uint32) {
	const most = 1 << 16 // pixels: more than that is nonsense
	if h == 0 || v == 0 || h == v || uint64(e.width)*uint64(h)/uint64(v) > most || uint64(e.height)*uint64(v)/uint64(h) > most {
		return
	}
	if h > v {
		e.width = int((uint64(e.width)*uint64(h) + uint64(v)/2) / uint64(v))
	} else {
		e.height = int((uint64(e.height)*uint64(v) + uint64(h)/2) / uint64(h))
	}
}

// color notes the video range and returns the colr box as ISO writes it, nil to
// leave it out (an embedded ICC profile, which players do not read).
func (e *entry) color(colr []byte) []byte {
	if len(colr) < 10 {
		return nil
	}
	switch string(colr[:4]) {
	case "nclc":
		colr = append(append([]byte("nclx"), colr[4:10]...), 0)
	case "nclx":
		if len(colr) < 11 {
			colr = append(append([]byte(nil), colr[:10]...), 0)
		}
	default:
		return nil
	}
	if e.colors == "" { // of several, the first is the most accurate (ISO/IEC 14496-12 §12.1.5)
		e.colors = videoRange(binary.BigEndian.Uint16(colr[6:]))
	}
	return makeBox("colr", colr)
}
