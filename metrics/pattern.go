package metrics

import (
	"errors"
	"strings"
)

// parsePattern splits a pattern into segments: a literal, "{}" for any one, or
// "{...}" for all that is left.
func parsePattern(pattern string) ([]string, error) {
	if !strings.HasPrefix(pattern, "/") {
		return nil, errors.New("it does not begin with /")
	}
	segments := strings.Split(pattern[1:], "/")
	for i, s := range segments {
		switch {
		case strings.HasPrefix(s, "{") && strings.HasSuffix(s, "...}"):
			if i != len(segments)-1 {
				return nil, errors.New("{name...} stands at the end")
			}
			segments[i] = "{...}"
		case strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}"):
			segments[i] = "{}"
		case strings.ContainsAny(s, "{}"):
			return nil, errors.New("a segment is a word or {name}")
		}
	}
	return segments, nil
}

// matches says whether a path fits.
func (p *routePattern) matches(path string) bool {
	rest, ok := strings.CutPrefix(path, "/")
	for i, s := range p.segments {
		if !ok {
			return false
		}
		if s == "{...}" {
			return true
		}
		var segment string
		segment, rest, ok = strings.Cut(rest, "/")
		if s == "{}" && segment == "" || s != "{}" && s != segment {
			return false
		}
		if i == len(p.segments)-1 {
			return !ok
		}
	}
	return false
}
