package media

// language is the tag for the packed code of an mdhd box: ISO 639-2/T in three
// times five bits (ISO/IEC 14496-12 §8.4.2), or a QuickTime language code.
func language(code uint16) string {
	if code < 0x400 || code == 0x7fff {
		return quickTimeLanguages[code]
	}
	tag := []byte{byte(code>>10&31) + 0x60, byte(code>>5&31) + 0x60, byte(code&31) + 0x60}
	if !isLanguageTag(tag) {
		return ""
	}
	if short, ok := shortLanguages[string(tag)]; ok {
		return short
	}
	return string(tag)
}

// isLanguageTag reports whether b is made like a BCP 47 tag (RFC 5646 §2.1):
// letters and digits in groups of up to 8, and says something ("und" does not).
func isLanguageTag(b []byte) bool {
	if len(b) < 2 || len(b) > 35 || string(b) == "und" {
		return false
	}
	group := 0
	for i, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', i > 1 && c >= '0' && c <= '9':
			if group++; group > 8 {
				return false
			}
		case c == '-' && group > 0 && i < len(b)-1:
			group = 0
		default:
			return false
		}
	}
	return true
}

// BCP 47 wants the two-letter code where there is one; these are the ones that
// players show most. Any other keeps its three letters, which players know too.
var shortLanguages = map[string]string{
	"ara": "ar", "bul": "bg", "ces": "cs", "cze": "cs", "dan": "da", "deu": "de", "ger": "de",
	"ell": "el", "gre": "el", "eng": "en", "est": "et", "fas": "fa", "per": "fa", "fin": "fi",
	"fra": "fr", "fre": "fr", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ind": "id",
	"ita": "it", "jpn": "ja", "kor": "ko", "lav": "lv", "lit": "lt", "nld": "nl", "dut": "nl",
	"nor": "no", "nob": "nb", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro", "rus": "ru",
	"slk": "sk", "slo": "sk", "slv": "sl", "spa": "es", "srp": "sr", "swe": "sv", "tha": "th",
	"tur": "tr", "ukr": "uk", "vie": "vi", "zho": "zh", "chi": "zh",
}

// Classic Macintosh language codes (QuickTime File Format, "Language Code Values").
var quickTimeLanguages = map[uint16]string{
	0: "en", 1: "fr", 2: "de", 3: "it", 4: "nl", 5: "sv", 6: "es", 7: "da", 8: "pt", 9: "no",
	10: "he", 11: "ja", 12: "ar", 13: "fi", 14: "el", 16: "mt", 17: "tr", 18: "hr", 19: "zh-Hant",
	21: "hi", 22: "th", 23: "ko", 24: "lt", 25: "pl", 26: "hu", 27: "et", 28: "lv", 31: "fa",
	32: "ru", 33: "zh-Hans", 37: "ro", 38: "cs", 39: "sk",
}
