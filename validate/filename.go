package validate

import "strings"

// maxFilename is what common file systems keep of a name, in bytes.
const maxFilename = 255

// Filename accepts the name of a file without a folder: 1 to 255 bytes of
// UTF-8, no '/' or '\', no control or bidirectional characters, neither "." nor
// "..". It says nothing about whether an operating system takes the name.
func Filename(field, s string) error {
	switch {
	case s == "":
		return invalid(field, "is missing")
	case len(s) > maxFilename:
		return invalid(field, "has %d bytes; at most %d are possible", len(s), maxFilename)
	case strings.ContainsAny(s, `/\`):
		return invalid(field, "holds a path separator; the name of a file without a folder is wanted")
	case s == "." || s == "..":
		return invalid(field, "is %q, which is a folder", s)
	}
	return Line(field, s, maxFilename)
}
