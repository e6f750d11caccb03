package hls

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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

// displayName makes of a track's hostile name one that a menu can show.
func displayName(s string) string {
	s = strings.TrimSpace(printable(s))
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

// languageTag returns s where it has the form of a BCP 47 tag, and "" where not.
func languageTag(s string) string {
	if s == "" || len(s) > maxLanguage || s == "und" {
		return ""
	}
	if first, _, _ := strings.Cut(s, "-"); strings.ContainsAny(first, "0123456789") {
		return ""
	}
	for part := range strings.SplitSeq(s, "-") {
		if part == "" || len(part) > 8 {
			return ""
		}
		for i := range len(part) {
			if c := part[i] | 0x20; (c < 'a' || c > 'z') && (part[i] < '0' || part[i] > '9') {
				return ""
			}
		}
	}
	return s
}
