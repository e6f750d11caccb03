package cache

import (
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/streamgate/streamgate/internal/problem"
)

// checkName refuses keys, prefixes and tags that somebody could understand
// differently: control characters, and the two that clients take out of paths.
func (h *handler) checkName(what, name string) error {
	switch {
	case name == "":
		return problem.Errorf(problem.ErrBadRequest, "the %s is empty", what)
	case len(name) > h.o.MaxKey:
		return problem.Errorf(problem.ErrBadRequest, "the %s has %d bytes; at most %d are possible", what, len(name), h.o.MaxKey)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return problem.Errorf(problem.ErrBadRequest, "the %s has control characters or is not UTF-8", what)
	case name == "." || name == "..":
		return problem.Errorf(problem.ErrBadRequest, "the %s means another place in a path", what)
	}
	return nil
}

func (h *handler) tags(names []string) ([]string, error) {
	if len(names) > maxTags {
		return nil, problem.Errorf(problem.ErrBadRequest, "there are %d tags; at most %d are possible", len(names), maxTags)
	}
	for _, name := range names {
		if err := h.checkName("tag", name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// parameters returns those of the query, which may have no others.
func parameters(r *http.Request, known ...string) (url.Values, error) {
	p, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, problem.Because(problem.ErrBadRequest, err, "the query of the address is not valid")
	}
	for name := range p {
		if !slices.Contains(known, name) {
			return nil, problem.Errorf(problem.ErrBadRequest, "there is no parameter %.100q here, but %s", name, strings.Join(known, " and "))
		}
	}
	return p, nil
}

// timeToLive returns the TTL that a request gives, 0 where it gives none.
func timeToLive(parameter, header []string) (time.Duration, error) {
	given := append(slices.Clone(parameter), header...)
	switch len(given) {
	case 0:
		return 0, nil
	case 1:
		if ttl, ok := parseTTL(given[0]); ok {
			return ttl, nil
		}
		return 0, problem.Errorf(problem.ErrBadRequest, "the ttl is %.50q; give seconds, or a duration such as 1h30m, above 0", given[0])
	}
	return 0, problem.Errorf(problem.ErrBadRequest, "the ttl is there more than once")
}

// parseTTL reads a whole number of seconds, or a duration as Go writes it.
func parseTTL(s string) (time.Duration, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Duration(n) * time.Second, n > 0 && n <= math.MaxInt64/int64(time.Second)
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}

// contentType returns that of a value, and refuses what the answer could not
// tell of it.
func contentType(h http.Header) (string, error) {
	for _, name := range []string{"Content-Encoding", "Content-Range"} {
		if h.Get(name) != "" {
			return "", problem.Errorf(problem.ErrBadRequest, "send the value as it is, without %s", name)
		}
	}
	given := h.Get("Content-Type")
	if given == "" {
		return "application/octet-stream", nil
	}
	if _, _, err := mime.ParseMediaType(given); err != nil {
		return "", problem.Because(problem.ErrBadRequest, err, "the Content-Type is %.100q, which is no media type", given)
	}
	return given, nil
}
