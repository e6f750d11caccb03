package upload

import (
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// about is what a client tells of a file: all of it inert text.
type about struct {
	assetID     string
	filename    string
	title       string
	description string
	tags        []string
}

// Limits of what is stored, in bytes; the same as for the metadata routes.
const (
	maxFilename    = 255
	maxTitle       = 500
	maxDescription = 10_000
	maxTags        = 50
	maxTag         = 100
)

// set takes one field under the name that all protocols share. Names that mean
// nothing here are left alone.
func (f *about) set(name, value string) error {
	if !utf8.ValidString(value) {
		return problem.Errorf(problem.ErrBadRequest, "the field %q is not UTF-8 text", name)
	}
	switch name {
	case "asset_id":
		f.assetID = value
	case "filename", "name":
		if f.filename == "" {
			f.filename = cleanName(value)
		}
	case "title":
		f.title = oneLine(value)
	case "description":
		f.description = strings.TrimSpace(value)
	case "tags":
		return f.addTags(value)
	}
	switch {
	case len(f.title) > maxTitle:
		return problem.Errorf(problem.ErrBadRequest, "the title is longer than %d bytes", maxTitle)
	case len(f.description) > maxDescription:
		return problem.Errorf(problem.ErrBadRequest, "the description is longer than %d bytes", maxDescription)
	}
	return nil
}

// addTags takes tags with commas between them.
func (f *about) addTags(list string) error {
	for tag := range strings.SplitSeq(list, ",") {
		tag = oneLine(tag)
		switch {
		case tag == "":
			continue
		case len(tag) > maxTag:
			return problem.Errorf(problem.ErrBadRequest, "a tag is longer than %d bytes", maxTag)
		case len(f.tags) == maxTags:
			return problem.Errorf(problem.ErrBadRequest, "there are more than %d tags", maxTags)
		}
		f.tags = append(f.tags, tag)
	}
	return nil
}

// describe writes what was told into an asset; what was not told stays.
func (f *about) describe(a *metadata.Asset) {
	if f.title != "" {
		a.Title = f.title
	}
	if f.description != "" {
		a.Description = f.description
	}
	if len(f.tags) > 0 {
		a.Tags = f.tags
	}
}

// aboutPlain reads the query and the headers of a request whose body is the file.
func aboutPlain(r *http.Request) (about, error) {
	var f about
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return f, problem.Because(problem.ErrBadRequest, err, "the query is not valid")
	}
	for _, name := range []string{"asset_id", "filename", "title", "description", "tags"} {
		if err := f.set(name, query.Get(name)); err != nil {
			return f, err
		}
	}
	if f.assetID == "" {
		f.assetID = r.Header.Get(assetHeader)
	}
	if _, params, err := mime.ParseMediaType(r.Header.Get("Content-Disposition")); err == nil && f.filename == "" {
		return f, f.set("filename", params["filename"])
	}
	return f, nil
}

// cleanName keeps of a file's name the last element, as one line of text.
func cleanName(s string) string {
	s = oneLine(s)
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	if s == "." || s == ".." {
		return ""
	}
	for len(s) > maxFilename {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// oneLine makes a space of everything that is not to be seen, so that a text
// cannot forge lines or reorder what stands beside it.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}

// titleOf is the title of a file that nobody gave one.
func titleOf(filename string) string {
	return strings.TrimSpace(strings.TrimSuffix(filename, path.Ext(filename)))
}
