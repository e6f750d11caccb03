package upload

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// The header of the extension Concatenation (tus 1.0): "partial", or "final;" and
// the URIs of the parts with a space between them.
const (
	concatHeader  = "Upload-Concat"
	concatPartial = "partial"
	concatFinal   = "final;"
)

const (
	maxConcat = 64 << 10 // bytes of the header
	maxParts  = 1000
)

// concatOf returns the header of a creation, "" where there is none, and for a
// final upload the ids of its parts in their order.
func (up *Uploader) concatOf(r *http.Request) (header string, parts []string, err error) {
	values := r.Header.Values(concatHeader)
	switch {
	case len(values) == 0:
		return "", nil, nil
	case len(values) > 1:
		return "", nil, problem.Errorf(problem.ErrBadRequest, "%s may be there only once", concatHeader)
	case values[0] == concatPartial:
		return concatPartial, nil, nil
	}
	parts, err = parseFinal(values[0])
	return values[0], parts, err
}

// parseFinal reads the header of a final upload.
func parseFinal(header string) ([]string, error) {
	list, final := strings.CutPrefix(header, concatFinal)
	switch {
	case len(header) > maxConcat:
		return nil, problem.Errorf(problem.ErrBadRequest, "%s is longer than %d bytes", concatHeader, maxConcat)
	case !final:
		return nil, problem.Errorf(problem.ErrBadRequest, `%s must be "partial", or "final;" and the URIs of the parts with a space between them`, concatHeader)
	case strings.Count(list, " ") >= maxParts:
		return nil, problem.Errorf(problem.ErrBadRequest, "%s names more than %d parts", concatHeader, maxParts)
	}
	var parts []string
	seen := make(map[string]bool)
	for uri := range strings.SplitSeq(list, " ") {
		id, ok := partID(uri)
		if !ok {
			return nil, problem.Errorf(problem.ErrBadRequest, "%.200q in %s is not the URI of an upload of this server: send the Location that the part was given", uri, concatHeader)
		}
		if seen[id] {
			return nil, problem.Errorf(problem.ErrBadRequest, "%s names the part %q twice", concatHeader, id)
		}
		seen[id], parts = true, append(parts, id)
	}
	return parts, nil
}

// partID returns the id in the URI of a part. An upload may be mounted anywhere,
// by any host, and a proxy may add or strip a prefix, so only the last element
// counts: what it opens is up to whoever asks. What stands before it has to be a
// URI as it would stand in a Location: nothing in it may mean another place than
// it seems to.
func partID(uri string) (id string, ok bool) {
	other := func(r rune) bool { return r <= ' ' || r > '~' } // nothing else stands in a URI (RFC 3986 §2)
	if strings.ContainsAny(uri, "%?#\\@") || strings.ContainsFunc(uri, other) {
		return "", false
	}
	u, err := url.Parse(uri)
	if err != nil || u.Opaque != "" || (u.Scheme == "") != (u.Host == "") {
		return "", false
	}
	if u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return "", false
	}
	elements := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	for _, e := range elements {
		if e == "" || e == "." || e == ".." {
			return "", false
		}
	}
	id = elements[len(elements)-1]
	return id, metadata.IsID(id)
}

// partsOf are the ids of the parts of a final upload, nil for any other.
func partsOf(u *metadata.Upload) []string {
	list, final := strings.CutPrefix(u.Concat, concatFinal)
	if !final {
		return nil
	}
	var parts []string
	for uri := range strings.SplitSeq(list, " ") { // held to parseFinal before
		parts = append(parts, uri[strings.LastIndexByte(uri, '/')+1:])
	}
	return parts
}

func isFinal(u *metadata.Upload) bool { return strings.HasPrefix(u.Concat, concatFinal) }
