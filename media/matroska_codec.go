package media

import (
	"fmt"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

// describe makes the sample entry of a track, where its first frame is not
// needed for that (RFC 9559 §12, and the codec mappings of Matroska).
func (t *matroskaTrack) describe() {
	if t.err = t.encoded; t.err != nil {
		return
	}
	switch t.kind {
	case matroskaVideoTrack:
		t.entry, t.err = t.videoEntry()
	case matroskaAudioTrack:
		t.entry, t.err = t.audioEntry()
	}
}

// open looks at the first frame of a track whose configuration stands there.
func (t *matroskaTrack) open(head []byte, size int64) {
	t.opened = true
	switch t.codec {
	case "V_VP9":
		t.entry, t.err = t.vp9Entry(head)
	case "V_AV1":
		t.describeAV1(head)
	case "A_AC3":
		t.fixed = 1536
		t.entry, t.err = t.sound("ac-3", dac3(head))
	case "A_EAC3":
		t.fixed = 1536
		var config []byte
		if config, t.err = dec3(head, size); t.err == nil {
			t.entry, t.err = t.sound("ec-3", config)
		}
	case "A_MPEG/L3":
		if t.fixed = mp3Length(head); t.fixed == 0 {
			t.err = problem.Errorf(ErrInvalid, "the first frame of track %d is not MP3", t.number)
			return
		}
		t.entry, t.err = t.sound(".mp3", nil)
	}
}

// describeAV1 makes the configuration of a track that came without one, as
// files of the codec's first days do, from the sequence header.
func (t *matroskaTrack) describeAV1(head []byte) {
	if len(t.private) > 0 {
		return
	}
	body, obu := av1SequenceOBU(head)
	h := av1Sequence(&bitReader{b: body})
	if body == nil || h.broken {
		t.err = problem.Errorf(ErrInvalid, "track %d has no AV1 configuration, nor does its first frame begin with one", t.number)
		return
	}
	t.private = h.config(obu)
	t.entry, t.err = t.videoEntry()
}

// peeked is how much of a first frame open looks at.
const peeked = 8 << 10

func (t *matroskaTrack) unsupported(what, why string) error {
	name := t.codec
	for prefix, known := range matroskaNames {
		if t.codec == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(t.codec, prefix) {
			name = known + " (" + t.codec + t.number4() + ")"
		}
	}
	return problem.Errorf(ErrUnsupported, "%s in %s cannot be carried in HLS as it is%s", what, name, why)
}

// number4 is the four characters or the number by which Windows knows a codec.
func (t *matroskaTrack) number4() string {
	const fourCC = 16 // of a BITMAPINFOHEADER
	switch {
	case t.codec == "V_MS/VFW/FOURCC" && len(t.private) >= fourCC+4:
		return fmt.Sprintf(" %q", t.private[fourCC:fourCC+4])
	case t.codec == "A_MS/ACM" && len(t.private) >= 2:
		return fmt.Sprintf(" 0x%02x%02x", t.private[1], t.private[0])
	}
	return ""
}

// matroskaNames are for people; one that ends in a slash is that of all below it.
var matroskaNames = map[string]string{
	"V_VP8": "VP8", "V_THEORA": "Theora", "V_MPEG1": "MPEG-1", "V_MPEG2": "MPEG-2", "V_MJPEG": "Motion JPEG",
	"V_MPEG4/ISO/SP": "MPEG-4 Part 2", "V_MPEG4/ISO/ASP": "MPEG-4 Part 2", "V_MPEG4/ISO/AP": "MPEG-4 Part 2",
	"V_MPEG4/MS/V3": "Microsoft MPEG-4", "V_MPEGI/ISO/VVC": "H.266/VVC", "V_PRORES": "ProRes", "V_FFV1": "FFV1",
	"V_UNCOMPRESSED": "raw video", "V_MS/VFW/FOURCC": "a codec of Video for Windows", "V_QUICKTIME": "a codec of QuickTime",
	"V_REAL/": "RealVideo", "A_REAL/": "RealAudio", "A_VORBIS": "Vorbis", "A_DTS": "DTS", "A_DTS/": "DTS", "A_TRUEHD": "Dolby TrueHD",
	"A_MLP": "MLP", "A_PCM/": "PCM", "A_MPEG/L1": "MPEG audio layer I", "A_MPEG/L2": "MP2", "A_WAVPACK4": "WavPack", "A_TTA1": "TTA",
	"A_MS/ACM": "a codec of Windows", "A_AAC/": "AAC without its configuration", "A_AC3/": "AC-3 of a kind that is not known here",
}
