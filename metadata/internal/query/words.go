package query

import (
	"strings"
	"unicode"
)

// Words splits text into its words: runs of letters, digits and the marks on
// them, each with a letter or digit in it. Everything else separates, so that
// no character of a user's is ever syntax to a search engine.
func Words(text string) []string {
	fields := strings.FieldsFunc(text, func(r rune) bool { return !isWordRune(r) && !unicode.IsMark(r) })
	words := fields[:0]
	for _, f := range fields {
		if strings.ContainsFunc(f, isWordRune) {
			words = append(words, f)
		}
	}
	return words
}

// isWordRune holds for the categories that SQLite's unicode61 tokenizer and
// Postgres's parser keep: letters, numbers, private use.
func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Co, r)
}

// maxTitleKey bounds what a cursor has to carry, in runes. Titles that begin
// alike for longer than that are ordered by id.
const maxTitleKey = 256

// TitleKey is what titles are ordered by: without regard to case.
func TitleKey(title string) string {
	n := 0
	for i := range title {
		if n++; n > maxTitleKey {
			title = title[:i]
			break
		}
	}
	return strings.ToLower(title)
}
