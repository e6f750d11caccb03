package query

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The block of combining diacritical marks. Marks of other scripts, such as the
// vowels of Devanagari or the voicing of kana, tell words apart and stay.
const firstDiacritic, lastDiacritic = 0x0300, 0x036f

// Fold returns a word as it is compared: without case, and without diacritics
// however they are written. Words that SQLite's unicode61 tokenizer takes for the
// same are the same here.
func Fold(word string) string {
	bare := strings.Map(func(r rune) rune {
		if r >= firstDiacritic && r <= lastDiacritic {
			return -1
		}
		return unicode.ToLower(unicode.ToUpper(r)) // both: ς is σ, ſ is s
	}, norm.NFD.String(word))
	return norm.NFC.String(bare)
}
