package validate_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/validate"
)

const noTag = "no language tag"

var languages = []row{
	{"a language", "de", ""},
	{"of three letters", "gsw", ""},
	{"reserved", "qaaa", ""},
	{"registered", "enochian", ""},
	{"any case", "EN-gb", ""},
	{"a script", "zh-Hant", ""},
	{"script and region", "zh-Hant-TW", ""},
	{"a region in digits", "es-419", ""},
	{"an extended language", "zh-cmn-Hans-CN", ""},
	{"three extended languages", "zh-aaa-bbb-ccc", ""},
	{"a variant", "sl-rozaj-biske-1994", ""},
	{"a variant that begins with a digit", "de-CH-1901", ""},
	{"an extension", "de-DE-u-co-phonebk", ""},
	{"two extensions", "en-a-bbb-x-a-ccc", ""},
	{"private use in it", "de-CH-x-phonebk", ""},
	{"private use alone", "x-whatever", ""},
	{"private use of one letter", "x-a-b-c", ""},
	{"everything", "hy-Latn-IT-arevela-u-ca-t-de-x-1-a", ""},
	{"irregular and grandfathered", "i-klingon", ""},
	{"irregular and grandfathered, of a language", "en-GB-oed", ""},
	{"regular and grandfathered", "zh-min-nan", ""},
	{"regular and grandfathered, as a variant", "art-lojban", ""},
	{"nothing", "", noTag},
	{"a letter", "a", noTag},
	{"a single letter in front", "a-DE", noTag},
	{"nine letters", "abcdefghi", noTag},
	{"two regions", "de-419-DE", noTag},
	{"two scripts", "de-Latn-Cyrl", noTag},
	{"four extended languages", "zh-aaa-bbb-ccc-ddd", noTag},
	{"an extended language of a language of four letters", "qaaa-abc", noTag},
	{"an extension twice", "ar-a-aaa-b-bbb-a-ccc", noTag},
	{"a variant twice", "de-1901-1901", noTag},
	{"an empty extension", "de-a", noTag},
	{"an empty extension before another", "de-a-b-ccc", noTag},
	{"an empty private use", "de-x", noTag},
	{"x alone", "x", noTag},
	{"a hyphen at the end", "de-", noTag},
	{"a hyphen in front", "-de", noTag},
	{"two hyphens", "de--CH", noTag},
	{"an underscore", "de_CH", noTag},
	{"a digit in a language", "d1", noTag},
	{"a letter outside ASCII", "dé", noTag},
	{"the Kelvin sign", "i-\u212alingon", noTag},
	{"a line break", "de\n", noTag},
	{"i and something else", "i-nothing", noTag},
	{"a long one", "x" + strings.Repeat("-abcdefgh", 28), ""},
	{"a longer one", "x" + strings.Repeat("-abcdefgh", 29), "262 bytes; a language tag here has at most 255"},
}

func TestLanguageTag(t *testing.T) { check(t, validate.LanguageTag, languages) }

// grammar is langtag and privateuse of RFC 5646 §2.1 in lower case, as an oracle.
var grammar = regexp.MustCompile(`^(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?` +
	`(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+)$`)

func FuzzLanguageTag(f *testing.F) {
	for _, r := range languages {
		f.Add(r.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := validate.LanguageTag("f", s)
		if err != nil && !errors.Is(err, validate.ErrInvalid) {
			t.Errorf("%q: %v", s, err)
		}
		tag := strings.Map(func(r rune) rune { // of ASCII alone: the Kelvin sign is no k
			if r >= 'A' && r <= 'Z' {
				return r + 'a' - 'A'
			}
			return r
		}, s)
		listed := strings.HasPrefix(tag, "i-") || strings.HasPrefix(tag, "sgn-") || tag == "en-gb-oed"
		if err == nil && !grammar.MatchString(tag) && !listed {
			t.Errorf("%q was accepted against the grammar", s)
		}
		if err != nil && len(s) <= 255 && grammar.MatchString(tag) && !repeats(tag) {
			t.Errorf("%q was refused: %v", s, err)
		}
	})
}

// repeats reports whether any subtag comes twice.
func repeats(tag string) bool {
	seen := map[string]bool{}
	for sub := range strings.SplitSeq(tag, "-") {
		if seen[sub] {
			return true
		}
		seen[sub] = true
	}
	return false
}
