package metadata

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/streamgate/streamgate/validate"
)

// The limits of what people write about an asset, in characters (code points)
// unless said otherwise.
const (
	MaxTitle       = validate.MaxTitle
	MaxDescription = 10_000
	MaxTags        = validate.MaxTags
	MaxTag         = validate.MaxTag
	MaxFilename    = 255 // bytes
)

// Validate brings what people wrote into its usual form and checks it: title,
// description and tags lose the space around them, line breaks become "\n", and
// tags that come twice or are empty go. Its error matches ErrInvalid and names
// every field that is wrong. The file name must be inert already, see InertFilename.
//
// A Store does not call it: who takes input from outside does.
func (a *Asset) Validate() error {
	a.Title = strings.TrimSpace(a.Title)
	a.Description = strings.TrimSpace(strings.ReplaceAll(a.Description, "\r\n", "\n"))
	a.Tags = cleanTags(a.Tags)
	errs := []error{
		validate.Title("title", a.Title),
		validate.Text("description", a.Description, MaxDescription),
		validate.Tags("tags", a.Tags),
	}
	if a.Filename != "" {
		errs = append(errs, validate.Filename("filename", a.Filename))
	}
	return validate.Join(errs...)
}

// cleanTags keeps nil nil.
func cleanTags(tags []string) []string {
	var clean []string
	if tags != nil {
		clean = make([]string, 0, len(tags))
	}
	for _, tag := range tags {
		if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(clean, tag) {
			clean = append(clean, tag)
		}
		if len(clean) > MaxTags { // enough to refuse, before the search gets long
			break
		}
	}
	return clean
}

// InertFilename makes of a name that a client sent one that Validate accepts:
// without a folder of either kind of system, without control and bidirectional
// characters, at most MaxFilename bytes with its extension kept, "" where
// nothing is left. It is for people to read and never part of a path.
func InertFilename(name string) string {
	name = strings.ToValidUTF8(name, "\ufffd")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || validate.IsBidiControl(r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, name))
	if len(name) > MaxFilename {
		ext := path.Ext(name)
		if len(ext) > maxExtension {
			ext = ""
		}
		name = strings.TrimSpace(truncate(name[:len(name)-len(ext)], MaxFilename-len(ext)) + ext)
	}
	if strings.Trim(name, ".") == "" {
		return ""
	}
	return name
}

// maxExtension is up to where what follows the last dot of a name that is too
// long is kept as its extension, in bytes.
const maxExtension = 16

// truncate cuts s to at most n bytes, between characters.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
