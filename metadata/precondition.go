package metadata

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

// etag is strong: one version of an asset has one JSON.
func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// checkPreconditions evaluates If-Match, and If-None-Match on what is no GET or
// HEAD, against an asset that is there, in the order of RFC 9110 §13.2.2.
func checkPreconditions(r *http.Request, version int64) error {
	if r.Header["If-Match"] != nil {
		matches, err := matchETag(r, "If-Match", version, false)
		if err != nil {
			return err
		}
		if !matches {
			return problem.Errorf(ErrPrecondition, "the asset is at version %s by now, which If-Match does not name; read it again", etag(version))
		}
	}
	if r.Header["If-None-Match"] == nil {
		return nil
	}
	matches, err := matchETag(r, "If-None-Match", version, true)
	if err == nil && matches && !isRead(r) {
		return problem.Errorf(ErrPrecondition, "the asset is at version %s, which If-None-Match excludes", etag(version))
	}
	return err
}

// notModified reports whether the client has this version. Call it after checkPreconditions.
func notModified(r *http.Request, version int64) bool {
	matches, err := matchETag(r, "If-None-Match", version, true)
	return err == nil && matches
}

func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// matchETag reports whether a header field, "*" or a list of entity tags that may
// come in several lines (RFC 9110 §8.8.3, §13.1), names version. A weak tag
// matches only in the weak comparison.
func matchETag(r *http.Request, field string, version int64, weak bool) (bool, error) {
	list := strings.TrimSpace(strings.Join(r.Header[field], ","))
	if list == "*" {
		return true, nil
	}
	matches := false
	for list != "" {
		tag, isWeak, rest, ok := cutETag(list)
		if !ok {
			return false, problem.Errorf(problem.ErrBadRequest, "%s is no list of entity tags, such as %s", field, etag(version))
		}
		matches = matches || tag == etag(version) && (weak || !isWeak)
		list = rest
	}
	return matches, nil
}

// cutETag takes the first entity tag, and the separators after it, from a list.
func cutETag(list string) (tag string, weak bool, rest string, ok bool) {
	list = strings.TrimLeft(list, ", \t")
	if list == "" {
		return "", false, "", true
	}
	list, weak = strings.CutPrefix(list, "W/")
	if !strings.HasPrefix(list, `"`) {
		return "", false, "", false
	}
	end := strings.IndexByte(list[1:], '"')
	if end < 0 {
		return "", false, "", false
	}
	tag, rest = list[:end+2], strings.TrimLeft(list[end+2:], " \t")
	if rest != "" && rest[0] != ',' {
		return "", false, "", false
	}
	return tag, weak, strings.Trim(rest, ", \t"), true
}
