package media

import (
	"bytes"
	"encoding/binary"
)

// Type is a media type by content, such as "video/mp4". It never comes from
// what a client said, and none of them is a type that a browser runs.
type Type string

// The types that Sniff knows.
const (
	TypeMP4       Type = "video/mp4"
	TypeM4A       Type = "audio/mp4"
	TypeQuickTime Type = "video/quicktime"
	TypeThreeGPP  Type = "video/3gpp"
	TypeThreeGPP2 Type = "video/3gpp2"
	TypeMatroska  Type = "video/matroska"
	TypeWebM      Type = "video/webm"
	TypeMPEGTS    Type = "video/mp2t"
	TypeMPEGPS    Type = "video/mpeg"
	TypeAVI       Type = "video/x-msvideo"
	TypeFLV       Type = "video/x-flv"
	TypeOggVideo  Type = "video/ogg"
	TypeOggAudio  Type = "audio/ogg"
	TypeMP3       Type = "audio/mpeg"
	TypeAAC       Type = "audio/aac" // in ADTS frames
	TypeFLAC      Type = "audio/flac"
	TypeWAV       Type = "audio/wav"
	TypeASF       Type = "video/x-ms-asf" // WMV and WMA
	TypeMXF       Type = "video/mxf"
	TypeReal      Type = "video/vnd.rn-realvideo"
	TypeDV        Type = "video/dv" // as it is on a tape
	TypeAIFF      Type = "audio/aiff"
	TypeCAF       Type = "audio/x-caf"
	TypeAMR       Type = "audio/amr"
	TypeGIF       Type = "image/gif"  // one picture, or an animation
	TypeAPNG      Type = "image/apng" // of several pictures
)

// SniffLen is how many bytes of a file's beginning Sniff looks at. Fewer do as
// long as the file has no more.
const SniffLen = 4096

// Sniff tells the type of a file from its first bytes, and false when they are
// not the beginning of audio or video that this module knows. It reads
// structure and not only magic numbers: three packets of a transport stream,
// two frames of MP3, a first box that an MP4 file may begin with. Text of any
// kind (HTML, SVG, playlists and concat scripts, which make a demuxer open other
// files), documents, archives and still images are refused; of a GIF nobody knows
// before its end whether it is one. See SniffPicture.
//
// With less than SniffLen bytes of a longer file a true answer holds, and a
// false one only means that more bytes are needed.
func Sniff(head []byte) (Type, bool) {
	head = head[:min(len(head), SniffLen)]
	for _, sniff := range sniffers {
		if t := sniff(head); t != "" {
			return t, true
		}
	}
	return "", false
}

// The order matters only where the evidence is weak: transport streams and bare
// audio frames have no magic number and come last.
var sniffers = []func([]byte) Type{
	sniffISO, sniffEBML, sniffRIFF, sniffFLV, sniffOgg, sniffFLAC, sniffPS, sniffForeign, sniffGIF, sniffAPNG, sniffDV, sniffTS, sniffID3, sniffFrames,
}

// sniffISO knows ISO base media files and QuickTime (ISO/IEC 14496-12, 4.2): a
// first box with a sane size and a type that such files begin with.
func sniffISO(b []byte) Type {
	if len(b) < 12 {
		return ""
	}
	size := uint64(binary.BigEndian.Uint32(b))
	if size == 1 && len(b) >= 16 {
		size = binary.BigEndian.Uint64(b[8:])
	}
	kind := string(b[4:8])
	if size != 0 && size < 8 || size == 0 && kind != "mdat" {
		return ""
	}
	switch kind {
	case "ftyp":
		return brandType(b, size)
	case "styp", "sidx", "moof", "emsg", "prft":
		return TypeMP4
	case "moov", "pnot", "wide", "skip", "free", "mdat":
		return TypeQuickTime
	}
	return ""
}

// brandType maps the brands of an ftyp box; a brand of still images is no media.
func brandType(b []byte, size uint64) Type {
	if size < 16 {
		return TypeMP4
	}
	switch brand := string(b[8:12]); brand {
	case "qt  ":
		return TypeQuickTime
	case "M4A ", "M4B ", "M4P ", "F4A ":
		return TypeM4A
	default:
		if stillBrands[brand] != "" {
			return ""
		}
		switch brand[:3] {
		case "3gp", "3ge", "3gs", "3gr", "3gg":
			return TypeThreeGPP
		case "3g2":
			return TypeThreeGPP2
		}
	}
	return TypeMP4
}

// sniffEBML knows Matroska and WebM by the DocType of the EBML header (RFC 8794, 11.2.6).
func sniffEBML(b []byte) Type {
	if !bytes.HasPrefix(b, []byte{0x1a, 0x45, 0xdf, 0xa3}) {
		return ""
	}
	header := b[:min(len(b), 256)]
	for _, d := range []struct {
		name string
		t    Type
	}{{"webm", TypeWebM}, {"matroska", TypeMatroska}} {
		element := append([]byte{0x42, 0x82, 0x80 | byte(len(d.name))}, d.name...)
		if bytes.Contains(header, element) {
			return d.t
		}
	}
	return ""
}

func sniffRIFF(b []byte) Type {
	if len(b) < 16 {
		return ""
	}
	switch string(b[:4]) + string(b[8:12]) {
	case "RIFFWAVE", "RF64WAVE", "BW64WAVE":
		return TypeWAV
	case "RIFFAVI ":
		return TypeAVI
	}
	return ""
}

func sniffFLV(b []byte) Type {
	if len(b) >= 9 && string(b[:4]) == "FLV\x01" && b[4]&^5 == 0 && binary.BigEndian.Uint32(b[5:]) == 9 {
		return TypeFLV
	}
	return ""
}

// sniffOgg knows the first page of a logical stream (RFC 3533, 6), and by its
// first packet whether there is video.
func sniffOgg(b []byte) Type {
	if len(b) < 28 || string(b[:5]) != "OggS\x00" || b[5]&2 == 0 {
		return ""
	}
	packet := b[min(len(b), 27+int(b[26])):]
	for _, video := range []string{"\x80theora", "BBCD\x00", "\x01video", "OVP80", "fishead\x00"} {
		if bytes.HasPrefix(packet, []byte(video)) {
			return TypeOggVideo
		}
	}
	return TypeOggAudio
}

// sniffPS knows the pack header of MPEG-1 and MPEG-2 program streams by its marker bits.
func sniffPS(b []byte) Type {
	if len(b) < 12 || !bytes.HasPrefix(b, []byte{0, 0, 1, 0xba}) {
		return ""
	}
	mpeg2 := b[4]&0xc4 == 0x44 && b[6]&4 != 0 && b[8]&4 != 0
	mpeg1 := b[4]&0xf1 == 0x21 && b[6]&1 != 0 && b[8]&1 != 0
	if mpeg1 || mpeg2 {
		return TypeMPEGPS
	}
	return ""
}

// sniffTS wants a sync byte wherever a packet begins, in at least three packets
// of 188 bytes, 192 (with a time code before each) or 204 (with parity after each).
func sniffTS(b []byte) Type {
	for _, p := range []struct{ first, step int }{{0, 188}, {4, 192}, {0, 204}} {
		packets := 0
		for at := p.first; at < len(b) && b[at] == 0x47; at += p.step {
			packets++
		}
		whole := (len(b) - p.first + p.step - 1) / p.step
		if packets >= 3 && packets == whole {
			return TypeMPEGTS
		}
	}
	return ""
}
