package metrics

import (
	"errors"
	"strings"
)

// pattern is a path with wildcards.
type pattern struct {
	prefix   string   // what stands before the first of them
	segments []string // the rest: a word, one for any segment, all for what is left
}

const one, all = "{}", "{...}"

func parsePattern(text string) (p pattern, err error) {
	if !strings.HasPrefix(text, "/") {
		return p, errors.New("it does not begin with /")
	}
	segments := strings.Split(text, "/")
	first := len(segments)
	for i, s := range segments {
		switch {
		case strings.HasPrefix(s, "{") && strings.HasSuffix(s, "...}"):
			if i != len(segments)-1 {
				return p, errors.New("{name...} stands at the end")
			}
			segments[i] = all
		case strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}"):
			segments[i] = one
		case strings.ContainsAny(s, "{}"):
			return p, errors.New("a segment is a word or {name}")
		default:
			continue
		}
		first = min(first, i)
	}
	p.prefix, p.segments = strings.Join(segments[:first], "/"), segments[first:]
	if len(p.segments) > 0 {
		p.prefix += "/"
	}
	return p, nil
}

// matches says whether a path fits.
func (p *pattern) matches(path string) bool {
	rest, more := strings.CutPrefix(path, p.prefix)
	if len(p.segments) == 0 {
		return more && rest == ""
	}
	for _, s := range p.segments {
		if !more || s == all {
			return more
		}
		var segment string
		if segment, rest, more = strings.Cut(rest, "/"); s == one && segment == "" || s != one && s != segment {
			return false
		}
	}
	return !more
}
