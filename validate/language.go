package validate

import "strings"

// maxLanguage bounds a tag, in bytes. RFC 5646 §4.4.1 asks for 35.
const maxLanguage = 255

// irregular are the tags that RFC 5646 §2.1 lists because its grammar does not
// produce them, in lower case. The regular ones that it lists, the grammar does.
var irregular = map[string]bool{
	"en-gb-oed": true, "i-ami": true, "i-bnn": true, "i-default": true, "i-enochian": true, "i-hak": true,
	"i-klingon": true, "i-lux": true, "i-mingo": true, "i-navajo": true, "i-pwn": true, "i-tao": true,
	"i-tay": true, "i-tsu": true, "sgn-be-fr": true, "sgn-be-nl": true, "sgn-ch-de": true,
}

// LanguageTag accepts a well-formed BCP 47 tag (RFC 5646 §2.2.9), such as "de",
// "zh-Hant-TW" or "x-signs", in any case, in which no variant and no extension
// comes twice. Whether the subtags are registered is not checked.
func LanguageTag(field, s string) error {
	if len(s) > maxLanguage {
		return invalid(field, "has %d bytes; a language tag here has at most %d", len(s), maxLanguage)
	}
	for sub := range strings.SplitSeq(s, "-") { // before ToLower, which makes ASCII of some that is none
		if len(sub) < 1 || len(sub) > 8 || strings.ContainsFunc(sub, func(r rune) bool { return !isAlphanumeric(r) }) {
			return invalid(field, "is no language tag (BCP 47), such as en or pt-BR")
		}
	}
	tag := strings.ToLower(s)
	t := subtags(strings.Split(tag, "-"))
	if irregular[tag] || t.private() || t.regular() {
		return nil
	}
	return invalid(field, "is no language tag (BCP 47), such as en or pt-BR")
}

// subtags are what is left of a tag, each 1 to 8 letters and digits.
type subtags []string

// take drops the first subtag where ok accepts it.
func (t *subtags) take(ok func(string) bool) bool {
	if len(*t) == 0 || !ok((*t)[0]) {
		return false
	}
	*t = (*t)[1:]
	return true
}

// private: privateuse of RFC 5646 §2.1.
func (t subtags) private() bool { return len(t) > 1 && t[0] == "x" }

// regular: langtag of RFC 5646 §2.1.
func (t subtags) regular() bool {
	short := len(t[0]) <= 3
	if !t.take(alpha(2, 8)) {
		return false
	}
	for n := 0; short && n < 3 && t.take(alpha(3, 3)); n++ { // extlang
		continue
	}
	t.take(alpha(4, 4)) // script
	if !t.take(alpha(2, 2)) {
		t.take(func(s string) bool { return len(s) == 3 && digits(s) }) // region
	}
	return t.variants() && t.extensions() && (len(t) == 0 || t.private())
}

// variants reports false where one comes twice.
func (t *subtags) variants() bool {
	seen := map[string]bool{}
	for len(*t) > 0 && isVariant((*t)[0]) {
		if seen[(*t)[0]] {
			return false
		}
		seen[(*t)[0]] = true
		*t = (*t)[1:]
	}
	return true
}

// extensions reports false where one comes twice or is empty.
func (t *subtags) extensions() bool {
	seen := map[string]bool{}
	for len(*t) > 0 && len((*t)[0]) == 1 && (*t)[0] != "x" {
		if seen[(*t)[0]] {
			return false
		}
		seen[(*t)[0]] = true
		*t = (*t)[1:]
		if !t.take(long) {
			return false
		}
		for t.take(long) {
			continue
		}
	}
	return true
}

func isVariant(s string) bool { return len(s) >= 5 || len(s) == 4 && isDigit(rune(s[0])) }

func long(s string) bool { return len(s) >= 2 }

func digits(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return !isDigit(r) }) }

func alpha(lo, hi int) func(string) bool {
	return func(s string) bool {
		return len(s) >= lo && len(s) <= hi && !strings.ContainsFunc(s, func(r rune) bool { return !isAlpha(r) })
	}
}
