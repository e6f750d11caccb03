package media

import "fmt"

// dolbyConfig is what a player has to know of a Dolby Vision configuration
// ("Dolby Vision Streams Within the ISO Base Media File Format" §2.2).
type dolbyConfig struct {
	profile, level byte
	base           byte // bl_signal_compatibility_id: what the base layer is without it
}

// dolbyOf reads dvcC or dvvC.
func dolbyOf(boxes map[string][]byte) (dolbyConfig, bool) {
	config := boxes["dvcC"]
	if config == nil {
		config = boxes["dvvC"]
	}
	if len(config) < 5 {
		return dolbyConfig{}, false
	}
	return dolbyConfig{profile: config[2] >> 1, level: config[2]&1<<5 | config[3]>>3, base: config[4] >> 4}, true
}

// dolbyBrands and dolbyRanges are by base layer: PQ of HDR10, SDR, HLG.
var (
	dolbyBrands = map[byte]string{1: "db1p", 2: "db2g", 4: "db4h"}
	dolbyRanges = map[byte]string{0: "PQ", 1: "PQ", 2: "SDR", 4: "HLG"}
	dolbyNames  = map[string]string{"hvc1": "dvh1", "hev1": "dvhe", "av01": "dav1"}
)

// supplemental is the element of SUPPLEMENTAL-CODECS (RFC 8216bis §4.4.6.2) for
// Dolby Vision that is on a base layer which plays without it: profile 8 on HEVC
// and 10 on AV1. It is "" for everything else.
func (d dolbyConfig) supplemental(kind string) string {
	name, brand := dolbyNames[kind], dolbyBrands[d.base]
	if brand == "" || !(d.profile == 8 && name != "" && kind != "av01" || d.profile == 10 && kind == "av01") {
		return ""
	}
	return fmt.Sprintf("%s.%02d.%02d/%s", name, d.profile, d.level, brand)
}
