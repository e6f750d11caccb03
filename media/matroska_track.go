package media

import (
	"math"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

// matroskaTrack is a TrackEntry (RFC 9559 §5.1.4.1) and the frames that were
// found for it.
type matroskaTrack struct {
	number      uint64
	kind        uint64 // matroskaVideoTrack, matroskaAudioTrack or matroskaTextTrack; others are not read
	disabled    bool
	standard    bool   // FlagDefault
	natural     uint64 // DefaultDuration, ns; 0 is not known
	delay       uint64 // CodecDelay, ns
	name        string
	language    string
	codec       string // CodecID
	private     []byte
	video       []byte // content of the Video element
	dolby       []byte // dvcC or dvvC box
	audio       matroskaAudio
	stripped    []byte // what each frame begins with, and does not have in the file
	strippedAt  int64  // where that lies
	strippedToo bool   // private lacks it, too
	encoded     error  // why its frames are not what the decoder takes, as they lie there

	entry  entry
	err    error // why HLS cannot carry it
	blocks int   // of it that there are
	opened bool  // its first frame was looked at
	fixed  uint32
	length func(frame []byte) uint32 // samples of a frame, where they vary

	frames       frames
	first, final int64 // least and greatest timestamp
	discard      int64 // ns that the last frame is padded with

	text matroskaText
}

const (
	matroskaVideoTrack = 1
	matroskaAudioTrack = 2
	matroskaTextTrack  = 17
)

// matroskaAudio is an Audio element (RFC 9559 §5.1.4.1.29).
type matroskaAudio struct {
	rate, output float64
	channels     uint64
}

func parseTrackEntry(b []byte) (*matroskaTrack, error) {
	t := &matroskaTrack{standard: true, language: "en", first: math.MaxInt64, final: math.MinInt64, audio: matroskaAudio{rate: 8000, channels: 1}}
	var tag string
	master(b, func(id uint32, body []byte) {
		switch id {
		case idTrackNumber:
			t.number = ebmlUint(body)
		case idTrackType:
			t.kind = ebmlUint(body)
		case idFlagEnabled:
			t.disabled = ebmlUint(body) == 0
		case idFlagDefault:
			t.standard = ebmlUint(body) != 0
		case idDefaultDuration:
			t.natural = ebmlUint(body)
		case idCodecDelay:
			t.delay = ebmlUint(body)
		case idName:
			t.name = trackName(strings.ToValidUTF8(ebmlText(body), "\ufffd"))
		case idLanguage:
			t.language = matroskaLanguage(body)
		case idLanguageBCP47:
			tag = matroskaLanguage(body)
		case idCodecID:
			t.codec = ebmlText(body)
		case idCodecPrivate:
			if len(body) <= maxSmallBox {
				t.private = append([]byte(nil), body...)
			}
		case idAdditionMapping:
			if box := dolbyVision(body); box != nil {
				t.dolby = box
			}
		case idVideo:
			t.video = append([]byte(nil), body...)
		case idAudio:
			t.audio.read(body)
		case idEncodings:
			t.encodings(body)
			t.text.unpack(body)
		case idFlagForced:
			t.text.forced = ebmlUint(body) != 0
		case idFlagHearing:
			t.text.hearing = ebmlUint(body) != 0
		}
	})
	if tag != "" {
		t.language = tag
	}
	if t.strippedToo {
		t.private = slices.Concat(t.stripped, t.private)
	}
	if t.number == 0 || t.number > math.MaxInt32 {
		return nil, problem.Errorf(ErrInvalid, "a track has the number %d", t.number)
	}
	return t, nil
}

// matroskaLanguage is the tag of a Language or LanguageBCP47 element (RFC 9559
// §12): BCP 47, or three letters of ISO 639-2.
func matroskaLanguage(b []byte) string {
	tag := ebmlText(b)
	if short, ok := shortLanguages[tag]; ok {
		return short
	}
	if !isLanguageTag([]byte(tag)) {
		return ""
	}
	return tag
}

func (a *matroskaAudio) read(b []byte) {
	master(b, func(id uint32, body []byte) {
		switch id {
		case idSampling:
			a.rate = ebmlFloat(body)
		case idOutputSampling:
			a.output = ebmlFloat(body)
		case idChannels:
			a.channels = ebmlUint(body)
		}
	})
}

// presentable leaves out subtitles and what the file says is not to be used.
func (t *matroskaTrack) presentable() bool {
	return !t.disabled && (t.kind == matroskaVideoTrack || t.kind == matroskaAudioTrack)
}

// isCover reports whether it is one still image.
func (t *matroskaTrack) isCover() bool {
	if t.kind != matroskaVideoTrack || t.blocks != 1 || !t.refused() {
		return false
	}
	const fourCC = 16 // of a BITMAPINFOHEADER
	switch t.codec {
	case "V_MJPEG":
		return true
	case "V_MS/VFW/FOURCC":
		return len(t.private) >= fourCC+4 && (string(t.private[fourCC:fourCC+4]) == "MPNG" || string(t.private[fourCC:fourCC+4]) == "MJPG")
	}
	return false
}

// handler is what the hdlr box of an MP4 calls this kind of track.
func (t *matroskaTrack) handler() string {
	if t.kind == matroskaVideoTrack {
		return "vide"
	}
	return "soun"
}

// refused reports whether HLS cannot carry it: err says why.
func (t *matroskaTrack) refused() bool { return t.err != nil }
