package hlsrules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Eyevinn/mp4ff/mp4"
)

// codecForms are the formats of RFC 6381 and its registrations, by sample entry.
var codecForms = map[string]*regexp.Regexp{
	"avc1": regexp.MustCompile(`^avc[13]\.[0-9a-fA-F]{6}$`),
	"hvc1": regexp.MustCompile(`^(hvc1|hev1)\.[ABC]?[0-9]+\.[0-9A-Fa-f]{1,8}\.[LH][0-9]+(\.[0-9A-Fa-f]{1,2}){0,6}$`),
	"dvh1": regexp.MustCompile(`^(dvh1|dvhe|dav1)\.[0-9]{2}\.[0-9]{2}$`),
	"av01": regexp.MustCompile(`^av01\.[0-2]\.[0-9]{2}[MH]\.(08|10|12)(\.[01]\.[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[0-9]{2}\.[01])?$`),
	"mp4a": regexp.MustCompile(`^mp4a\.(40\.[0-9]{1,2}|[0-9A-Fa-f]{2})$`),
	"Opus": regexp.MustCompile(`^[Oo]pus$`),
	"fLaC": regexp.MustCompile(`^f[Ll]a[Cc]$`),
	"ac-3": regexp.MustCompile(`^ac-3$`),
	"ec-3": regexp.MustCompile(`^ec-3$`),
	"ac-4": regexp.MustCompile(`^ac-4(\.[0-9]{2}){3}$`),
	"alac": regexp.MustCompile(`^alac$`),
	"vp09": regexp.MustCompile(`^vp09(\.[0-9]{2}){3,8}$`),
	"wvtt": regexp.MustCompile(`^wvtt$`),
	"stpp": regexp.MustCompile(`^stpp(\.[a-z0-9.|]+)?$`),
}

func isCodec(s string) bool {
	for _, form := range codecForms {
		if form.MatchString(s) {
			return true
		}
	}
	return false
}

// bases are the formats that an enhancement layer may be on.
var bases = map[string]string{"dvh1": "hvc1", "dvhe": "hev1", "dav1": "av01", "lhv1": "hvc1", "lhe1": "hev1"}

var brand = regexp.MustCompile(`^[a-z0-9]{4}$`)

// supplemental checks SUPPLEMENTAL-CODECS.
func (c *checker) supplemental(at string, v *variant) {
	if !v.has("SUPPLEMENTAL-CODECS") {
		return
	}
	for element := range strings.SplitSeq(v.get("SUPPLEMENTAL-CODECS"), ",") {
		fields := strings.Split(element, "/")
		base := bases[fields[0][:min(4, len(fields[0]))]]
		if !isCodec(fields[0]) || slices.ContainsFunc(fields[1:], func(s string) bool { return !brand.MatchString(s) }) ||
			!slices.ContainsFunc(v.codecs(), func(s string) bool { return base != "" && strings.HasPrefix(s, base) }) {
			c.report("supplemental", at, "%q, CODECS are %q", element, v.codecs())
		}
	}
}

// formats checks CODECS against the sample entries of all renditions.
func (c *checker) formats(pr *presentation, v *variant, lists []*mediaList) {
	if !v.has("CODECS") {
		return
	}
	at := pr.at(v.line)
	used := map[string]bool{}
	for _, m := range lists {
		for _, h := range m.media.heads {
			for _, t := range h.tracks {
				for _, e := range t.entries {
					fits := formatOf(e)
					i := slices.IndexFunc(v.codecs(), fits.ok)
					if i < 0 {
						c.report("codecs-all", at, "%s has %s, CODECS are %s", m.uri, fits.name, v.get("CODECS"))
						continue
					}
					for _, said := range v.codecs() {
						used[said] = used[said] || fits.ok(said)
					}
				}
			}
		}
	}
	for _, said := range v.codecs() {
		if !used[said] {
			c.report("codecs-true", at, "%s is in no rendition", said)
		}
	}
}

// formatOf is the format of a sample entry.
func formatOf(e mp4.Box) kind {
	switch e := e.(type) {
	case *mp4.VisualSampleEntryBox:
		if e.AvcC != nil {
			return same(fmt.Sprintf("%s.%02x%02x%02x", e.Type(), e.AvcC.AVCProfileIndication, e.AvcC.ProfileCompatibility, e.AvcC.AVCLevelIndication))
		}
		if e.Av1C != nil {
			tier := "M"
			if e.Av1C.SeqTier0 != 0 {
				tier = "H"
			}
			return prefix(fmt.Sprintf("av01.%d.%02d%s.", e.Av1C.SeqProfile, e.Av1C.SeqLevelIdx0, tier))
		}
		if e.HvcC != nil && (e.Type() == "hvc1" || e.Type() == "hev1") {
			return prefix(fmt.Sprintf("%s.%d.", e.Type(), e.HvcC.GeneralProfileIDC))
		}
	case *mp4.AudioSampleEntryBox:
		if e.Esds != nil && e.Esds.DecConfigDescriptor != nil {
			if e.Esds.DecConfigDescriptor.ObjectType == 0x40 {
				return prefix("mp4a.40.")
			}
			return same(fmt.Sprintf("mp4a.%02x", e.Esds.DecConfigDescriptor.ObjectType))
		}
	}
	return kind{e.Type(), func(s string) bool {
		name, _, _ := strings.Cut(s, ".")
		return strings.EqualFold(name, e.Type())
	}}
}

func same(want string) kind {
	return kind{want, func(s string) bool { return strings.EqualFold(s, want) }}
}

func prefix(want string) kind {
	return kind{want + "…", func(s string) bool { return strings.HasPrefix(s, want) }}
}

// display is the size at which a track's video is shown: made square by its pixel
// aspect ratio, cut by nothing, and turned.
func (t *track) display() (width, height float64) {
	e, ok := t.entries[0].(*mp4.VisualSampleEntryBox)
	if !ok {
		return 0, 0
	}
	width, height = float64(e.Width), float64(e.Height)
	if width == 0 || height == 0 {
		return float64(t.box.Tkhd.Width) / (1 << 16), float64(t.box.Tkhd.Height) / (1 << 16)
	}
	if e.Pasp != nil && e.Pasp.HSpacing > 0 && e.Pasp.VSpacing > 0 {
		if ratio := float64(e.Pasp.HSpacing) / float64(e.Pasp.VSpacing); ratio > 1 {
			width *= ratio
		} else {
			height /= ratio
		}
	}
	if m := t.box.Tkhd.Matrix; m[0] == 0 && m[4] == 0 && m[1] != 0 {
		return height, width
	}
	return width, height
}

// videoRange is what the colr box of a track says (ISO/IEC 23091-2 §8.2), or "".
func (t *track) videoRange() string {
	e, ok := t.entries[0].(*mp4.VisualSampleEntryBox)
	if !ok {
		return ""
	}
	for _, b := range e.Children {
		if colr, ok := b.(*mp4.ColrBox); ok && colr.ColorType == "nclx" {
			switch colr.TransferCharacteristics {
			case 1, 6, 13, 14, 15:
				return "SDR"
			case 16:
				return "PQ"
			case 18:
				return "HLG"
			}
		}
	}
	return ""
}

// sound is how many channels and what sampling frequency a track has, as far as
// its sample entry says; 0 is not known.
func (t *track) sound() (channels, rate int) {
	e, ok := t.entries[0].(*mp4.AudioSampleEntryBox)
	if !ok {
		return 0, 0
	}
	return int(e.ChannelCount), int(e.SampleRate)
}
