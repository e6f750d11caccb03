package hlsrules

import (
	"regexp"
	"strconv"
	"strings"
)

// attributes is an attribute list (§4.2), as far as it could be read.
type attributes struct {
	pairs  []pair
	ends   bool   // all of it could be read
	broken string // what could not
}

// pair is an attribute as it is written, quotes included.
type pair struct{ name, value string }

var attributeName = regexp.MustCompile(`^[A-Z0-9-]+$`)

// parseAttributes reads as much of an attribute list as has its form.
func parseAttributes(s string) attributes {
	var a attributes
	for rest := s; ; {
		name, after, ok := strings.Cut(rest, "=")
		if !ok || !attributeName.MatchString(name) {
			a.broken = rest
			return a
		}
		value, next, more := cutValue(after)
		if value == "" || strings.ContainsAny(value, " \t") && !isQuoted(value) || strings.Contains(value, `"`) && !isQuoted(value) {
			a.broken = rest
			return a
		}
		a.pairs = append(a.pairs, pair{name, value})
		if !more {
			a.ends = true
			return a
		}
		rest = next
	}
}

// cutValue cuts off an attribute's value at the comma after it.
func cutValue(s string) (value, rest string, more bool) {
	if !strings.HasPrefix(s, `"`) {
		return strings.Cut(s, ",")
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 {
		return s, "", false
	}
	value, rest = s[:end+2], s[end+2:]
	switch {
	case rest == "":
		return value, "", false
	case rest[0] == ',':
		return value, rest[1:], true
	}
	return s, "", false // something is glued to the quote
}

// raw returns an attribute as it is written, "" where it is not there.
func (a *attributes) raw(name string) string {
	for _, p := range a.pairs {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

func (a *attributes) has(name string) bool { return a.raw(name) != "" }

// get returns an attribute without its quotes.
func (a *attributes) get(name string) string { return unquote(a.raw(name)) }

// number64 returns an attribute as a number, 0 where it is none.
func (a *attributes) number64(name string) float64 {
	f, err := strconv.ParseFloat(a.get(name), 64)
	if err != nil {
		return 0
	}
	return f
}
