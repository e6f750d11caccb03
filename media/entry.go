package media

import (
	"encoding/binary"
	"fmt"

	"github.com/streamgate/streamgate/internal/problem"
)

// entry is one sample entry of a track, made fit for a CMAF init segment.
type entry struct {
	box          []byte
	codec        string // RFC 6381
	width        int    // as displayed, before rotation
	height       int
	colors       string // "SDR", "PQ", "HLG" or ""
	supplemental string
	channels     int
	sampleRate   int
	preroll      int     // samples that are decoded before the first right one
	lead         float64 // seconds of the same
}

// entries reads the stsd box of a track (ISO/IEC 14496-12 §8.5.2).
func (s *source) entries(t *trak) ([]entry, error) {
	if t.stsd.end == 0 || t.stsd.len() < 8 {
		return nil, problem.Errorf(ErrInvalid, "track %d does not say how it is coded (stsd)", t.id)
	}
	var list []entry
	err := s.children(t.stsd.body+8, t.stsd.end, func(b box) error {
		if len(list) == maxEntries {
			return problem.Errorf(ErrInvalid, "track %d has more than %d sample entries", t.id, maxEntries)
		}
		content, err := s.content(b)
		if err != nil {
			return err
		}
		content = append([]byte(nil), content...)
		var e entry
		switch t.handler {
		case "vide":
			e, err = videoEntry(b.kind(), content)
		case "soun":
			e, err = audioEntry(b.kind(), content)
		}
		list = append(list, e)
		return err
	})
	if err == nil && len(list) == 0 {
		err = problem.Errorf(ErrInvalid, "track %d does not say how it is coded (stsd)", t.id)
	}
	return list, err
}

// inner is a box within a sample entry, in memory.
type inner struct {
	kind string
	all  []byte
	body []byte
}

// inners splits b into boxes, ignoring what does not parse at the end.
func inners(b []byte) []inner {
	var list []inner
	for len(b) >= 8 {
		n := int(binary.BigEndian.Uint32(b))
		if n < 8 || n > len(b) {
			break
		}
		list = append(list, inner{string(b[4:8]), b[:n], b[8:n]})
		b = b[n:]
	}
	return list
}

// makeBox returns a box around the parts.
func makeBox(kind string, parts ...[]byte) []byte {
	n := 8
	for _, p := range parts {
		n += len(p)
	}
	b := make([]byte, 0, n)
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	b = append(b, kind...)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func unsupported(what, kind string) error {
	return problem.Errorf(ErrUnsupported, "%s in %s cannot be carried in HLS as it is", what, codecName(kind))
}

// codecName is for people.
func codecName(kind string) string {
	if name, ok := codecNames[kind]; ok {
		return name
	}
	return fmt.Sprintf("%q", kind)
}

var codecNames = map[string]string{
	"mp4v": "MPEG-4 Part 2", "s263": "H.263", "vvc1": "H.266/VVC", "vvi1": "H.266/VVC", "jpeg": "JPEG",
	"apcn": "ProRes", "apch": "ProRes", "apcs": "ProRes", "apco": "ProRes", "ap4h": "ProRes", "vp08": "VP8",
	"vp09": "VP9", "dav1": "Dolby Vision over AV1", "samr": "AMR-NB", "sawb": "AMR-WB", "ac-4": "AC-4",
	"ipcm": "PCM", "fpcm": "PCM", "lpcm": "PCM", "sowt": "PCM", "twos": "PCM", "dtsc": "DTS", "dtse": "DTS",
	"dtsh": "DTS", "dtsl": "DTS", "mlpa": "Dolby TrueHD", "mhm1": "MPEG-H", "mha1": "MPEG-H", "iamf": "IAMF",
}
