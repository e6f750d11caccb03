package metadata

import (
	"path"
	"strings"
)

// TitleOf is the title of a file that nobody gave one: its name without the extension,
// at most MaxTitle characters. What follows the last dot is one only where it is short,
// and has letters and digits alone: "Part 3. The end" and "v1.2" stay whole. The name is
// one of InertFilename.
func TitleOf(filename string) string {
	if ext := path.Ext(filename); isExtension(strings.TrimPrefix(ext, ".")) {
		filename = strings.TrimSuffix(filename, ext)
	}
	title := []rune(strings.TrimSpace(filename))
	return strings.TrimSpace(string(title[:min(len(title), MaxTitle)]))
}

// isExtension tells "mp4", "m2ts" and "webm" from a number and from words.
func isExtension(s string) bool {
	letters := 0
	for _, c := range []byte(strings.ToLower(s)) {
		switch {
		case c >= 'a' && c <= 'z':
			letters++
		case c < '0' || c > '9':
			return false
		}
	}
	return letters > 0 && len(s) <= longestExtension
}

// longestExtension is that of a file of media, such as "matroska", in bytes.
const longestExtension = 8
