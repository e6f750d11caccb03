package hls

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// An attributes list is what follows the colon of a tag: RFC 8216bis §4.2.
type attributes struct {
	text []byte
}

func (a *attributes) name(name string) {
	if len(a.text) > 0 {
		a.text = append(a.text, ',')
	}
	a.text = append(append(a.text, name...), '=')
}

// enumerated adds an unquoted value, which must be of our own making.
func (a *attributes) enumerated(name, value string) {
	a.name(name)
	a.text = append(a.text, value...)
}

func (a *attributes) integer(name string, value int64) {
	a.name(name)
	a.text = strconv.AppendInt(a.text, value, 10)
}

func (a *attributes) yes(name string, value bool) {
	if value {
		a.enumerated(name, "YES")
	} else {
		a.enumerated(name, "NO")
	}
}

// quoted adds a quoted string. There is no escape in it for a quote or a line
// break: they, and all else that does not print, are dropped.
func (a *attributes) quoted(name, value string) {
	a.name(name)
	a.text = append(a.text, '"')
	a.text = append(a.text, printable(value)...)
	a.text = append(a.text, '"')
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '"' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}

const maxName = 64 // runes

// displayName makes of a track's hostile name one that a menu can show. The text
// of a playlist is in normalization form C (RFC 8216bis §4.1).
func displayName(s string) string {
	s = strings.TrimSpace(norm.NFC.String(printable(s)))
	if utf8.RuneCountInString(s) > maxName {
		s = strings.TrimSpace(string([]rune(s)[:maxName]))
	}
	return s
}

// firstName is the name of a track, else its language, else what is left.
func firstName(name, language, otherwise string) string {
	if name = displayName(name); name != "" {
		return name
	}
	return orElse(languageTag(language), otherwise)
}

// unique tells apart names that are the same: no two may be (RFC 8216bis §4.4.6.1).
func unique(names []string) []string {
	taken := make(map[string]bool, len(names))
	for i, name := range names {
		unique := name
		for n := 2; taken[unique]; n++ {
			unique = name + " (" + strconv.Itoa(n) + ")"
		}
		taken[unique] = true
		names[i] = unique
	}
	return names
}

const maxLanguage = 35 // characters; RFC 5646 §4.4.1 asks for at least that

// languageForm is that of RFC 5646 §2.1, in small letters: language, extensions of
// it, script, region, variants, extensions, private use.
var languageForm = regexp.MustCompile(`^(([a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{4,8})(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?` +
	`(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(-[0-9a-wyz](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?|x(-[a-z0-9]{1,8})+)$`)

// languageTag returns s where it has the form of a BCP 47 tag, and "" where not.
func languageTag(s string) string {
	if len(s) > maxLanguage || s == "und" || strings.ContainsFunc(s, beyondASCII) || !languageForm.MatchString(strings.ToLower(s)) {
		return ""
	}
	return s
}

func beyondASCII(r rune) bool { return r >= utf8.RuneSelf }
