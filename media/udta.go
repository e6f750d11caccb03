package media

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxUserData        = 16 << 10 // bytes
	maxTrackName       = 256      // bytes
	maxCharacteristics = 8

	describesVideo = "public.accessibility.describes-video"
)

// udta reads what the user data of a track says of it: its name, and its
// characteristics as QuickTime ("Media characteristic tags") and ISO (kind, ISO/IEC
// 14496-12 §8.10.4) write them. What it cannot read, it leaves.
func (s *source) udta(t *trak, udta box) error {
	if udta.len() > maxUserData {
		return nil
	}
	content, err := s.content(udta)
	if err != nil {
		return err
	}
	for _, b := range inners(content) {
		text, _, _ := bytes.Cut(b.body, []byte{0})
		switch b.kind {
		case "name":
			if t.name == "" && len(text) <= maxTrackName && utf8.Valid(text) {
				t.name = trackName(string(text))
			}
		case "tagc":
			t.is(string(text))
		case "uuid":
			if s := parseSettled(b.body); s != nil {
				t.settled = s
			}
		case "kind":
			if len(b.body) > 4 {
				scheme, value, _ := bytes.Cut(b.body[4:], []byte{0})
				value, _, _ = bytes.Cut(value, []byte{0})
				for _, tag := range kinds[[2]string{string(scheme), string(value)}] {
					t.is(tag)
				}
			}
		}
	}
	return nil
}

// trackName is a name as it is presented: without spaces around it, and of a
// bounded length, so that any container can hold it.
func trackName(text string) string {
	text = strings.TrimSpace(text)
	if len(text) <= maxTrackName {
		return text
	}
	text = text[:maxTrackName]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return strings.TrimSpace(text)
}

// soundsDescribed is what captions for who cannot hear are.
var soundsDescribed = []string{"public.accessibility.describes-music-and-sound", "public.accessibility.transcribes-spoken-dialog"}

// kinds are the characteristics that a kind, by scheme and value, stands for: of
// a track that describes the video, of captions for who cannot hear, and of
// subtitles that are to be read by everybody.
var kinds = map[[2]string][]string{
	{"urn:mpeg:dash:role:2011", "description"}:       {describesVideo}, // ISO/IEC 23009-1 §5.8.5.5
	{"urn:tva:metadata:cs:AudioPurposeCS:2007", "1"}: {describesVideo}, // for the visually impaired
	{"about:html-kind", "descriptions"}:              {describesVideo},
	{"about:html-kind", "main-desc"}:                 {describesVideo},
	{"urn:mpeg:dash:role:2011", "caption"}:           soundsDescribed,
	{"about:html-kind", "captions"}:                  soundsDescribed,
	{"urn:mpeg:dash:role:2011", "forced-subtitle"}:   {onlyForced},
	{"urn:mpeg:dash:role:2011", "forced_subtitle"}:   {onlyForced},
}

// is notes a media characteristic tag, which is made of dots and words.
func (t *trak) is(tag string) {
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_", r)
	}
	if tag == "" || len(tag) > 128 || len(t.characteristics) == maxCharacteristics || strings.ContainsFunc(tag, strange) || slices.Contains(t.characteristics, tag) {
		return
	}
	t.characteristics = append(t.characteristics, tag)
	slices.Sort(t.characteristics)
}
