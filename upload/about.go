package upload

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/validate"
)

// about is what a client tells of a file: all of it inert text.
type about struct {
	assetID     string
	rendition   string // of that asset; "" for its source
	filename    string
	title       string
	description string
	tags        []string
}

// aboutFields are the names that all protocols share. "name" is what some tus
// clients call the file name.
var aboutFields = []string{"asset_id", "rendition", "filename", "name", "title", "description", "tags"}

// set takes one field. Names that mean nothing here are left alone.
func (f *about) set(name, value string) error {
	if !utf8.ValidString(value) {
		return problem.Errorf(problem.ErrBadRequest, "the field %q is not UTF-8 text", name)
	}
	switch name {
	case "asset_id":
		f.assetID = value
	case "rendition":
		f.rendition = value
	case "filename", "name":
		if f.filename == "" {
			f.filename = metadata.InertFilename(value)
		}
	case "title":
		f.title = oneLine(value)
	case "description":
		f.description = value
	case "tags": // with commas between them
		f.tags = nil
		for tag := range strings.SplitSeq(value, ",") {
			f.tags = append(f.tags, oneLine(tag))
		}
	}
	return f.check()
}

// check holds what people write to the limits of the metadata routes, and
// brings it into its usual form.
func (f *about) check() error {
	a := metadata.Asset{Title: f.title, Description: f.description, Tags: f.tags, Filename: f.filename}
	if err := a.Validate(); err != nil {
		return err
	}
	f.title, f.description, f.tags = a.Title, a.Description, a.Tags
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
	for _, name := range aboutFields {
		if !query.Has(name) {
			continue
		}
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

// oneLine makes a space of everything that is not to be seen, so that a text
// cannot forge lines or reorder what stands beside it.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || validate.IsBidiControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}

// titleOf is the title of a file that nobody gave one.
func titleOf(filename string) string {
	return metadata.TitleOf(oneLine(filename))
}
