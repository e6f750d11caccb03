package media

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// entry is one sample entry of a track, made fit for a CMAF init segment.
type entry struct {
	box          []byte
	codec        string // RFC 6381
	width        int    // as displayed, before rotation
	height       int
	told         bool   // what its pixels look like
	colors       string // "SDR", "PQ", "HLG" or ""
	supplemental string
	channels     int
	objects      int // of E-AC-3 with joint object coding
	sampleRate   int
	refused      error // why a sample of it cannot be carried
}

// entries reads the stsd box of a track (ISO/IEC 14496-12 §8.5.2). Of several
// entries some may be in a way that HLS cannot carry: that counts where a sample
// is. What stands behind as many as there should be is no entry.
func (s *source) entries(t *trak) ([]entry, error) {
	if t.stsd.end == 0 || t.stsd.len() < 8 {
		return nil, noEntries(t)
	}
	h, err := s.bytes(t.stsd.body+4, 4)
	if err != nil {
		return nil, err
	}
	var list []entry
	count := int(binary.BigEndian.Uint32(h))
	for off := t.stsd.body + 8; off <= t.stsd.end-8 && (len(list) < count || count == 0); {
		if len(list) == maxEntries {
			return nil, problem.Errorf(ErrInvalid, "track %d has more than %d sample entries", t.id, maxEntries)
		}
		b, err := s.box(off, t.stsd.end)
		if err != nil {
			return nil, err
		}
		e, err := s.entry(t, b)
		if err != nil && problem.KindOf(err) == nil {
			return nil, err
		}
		e.refused = err
		list = append(list, e)
		off = b.end
	}
	return usable(t, list)
}

func noEntries(t *trak) error {
	return problem.Errorf(ErrInvalid, "track %d does not say how it is coded (stsd)", t.id)
}

// usable puts an entry that can be carried in the place of each that cannot, so
// that those of the samples keep their numbers.
func usable(t *trak, list []entry) ([]entry, error) {
	if len(list) == 0 {
		return nil, noEntries(t)
	}
	first := slices.IndexFunc(list, func(e entry) bool { return e.refused == nil })
	if first < 0 {
		return nil, list[0].refused
	}
	for i, e := range list {
		if e.refused != nil {
			list[i] = list[first]
			list[i].refused = e.refused
		}
	}
	return list, nil
}

func (s *source) entry(t *trak, b box) (entry, error) {
	content, err := s.content(b)
	if err != nil {
		return entry{}, err
	}
	content = append([]byte(nil), content...)
	if len(content) >= 8 && t.elsewhere[binary.BigEndian.Uint16(content[6:])] {
		return entry{}, problem.Errorf(ErrUnsupported, "the samples of track %d lie in another file, and only this one was given", t.id)
	}
	if t.handler == "vide" {
		return videoEntry(b.kind(), content)
	}
	return audioEntry(b.kind(), content)
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
	"mp4v": "MPEG-4 Part 2", "s263": "H.263", "h263": "H.263", "vvc1": "H.266/VVC", "vvi1": "H.266/VVC", "vp08": "VP8",
	"jpeg": "JPEG", "mjpa": "Motion JPEG", "mjpb": "Motion JPEG", "mjp2": "JPEG 2000", "png ": "PNG", "raw ": "raw samples",
	"apcn": "ProRes", "apch": "ProRes", "apcs": "ProRes", "apco": "ProRes", "ap4h": "ProRes", "ap4x": "ProRes",
	"AVdn": "DNxHD", "AVdh": "DNxHR", "CFHD": "CineForm", "rle ": "QuickTime Animation", "SVQ1": "Sorenson Video",
	"SVQ3": "Sorenson Video 3", "cvid": "Cinepak", "dvc ": "DV", "dvcp": "DV", "dvpp": "DV", "m2v1": "MPEG-2", "m1v ": "MPEG-1", "mp1v": "MPEG-1", "theo": "Theora", "msVo": "Vorbis", "mx5p": "MPEG-2",
	"dav1": "Dolby Vision over AV1", "samr": "AMR-NB", "sawb": "AMR-WB", "ac-4": "AC-4", ".mp2": "MP2", "ms\x00P": "MP2",
	"ipcm": "PCM", "fpcm": "PCM", "lpcm": "PCM", "sowt": "PCM", "twos": "PCM", "in24": "PCM", "in32": "PCM", "fl32": "PCM",
	"fl64": "PCM", "NONE": "PCM", "ulaw": "µ-law PCM", "alaw": "A-law PCM", "ima4": "IMA ADPCM", "ms\x00\x11": "IMA ADPCM",
	"ms\x00\x02": "ADPCM", "QDM2": "QDesign Music", "QDMC": "QDesign Music", "agsm": "GSM", "spex": "Speex", "vorb": "Vorbis",
	"dtsc": "DTS", "dtse": "DTS", "dtsh": "DTS", "dtsl": "DTS", "dtsx": "DTS", "dtsy": "DTS",
	"mlpa": "Dolby TrueHD", "mhm1": "MPEG-H", "mha1": "MPEG-H", "mhm2": "MPEG-H", "mha2": "MPEG-H", "iamf": "IAMF",
}
