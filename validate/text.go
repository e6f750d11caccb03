package validate

import (
	"unicode"
	"unicode/utf8"
)

// Text accepts up to limit characters (Unicode code points) of UTF-8 on several
// lines. Control characters other than newline and tab are refused, and so are
// the bidirectional ones that show text in another order than it has.
func Text(field, s string, limit int) error {
	return text(field, s, limit, func(r rune) bool { return r == '\n' || r == '\t' })
}

// Line is Text without line breaks and tabs.
func Line(field, s string, limit int) error {
	if err := text(field, s, limit, func(rune) bool { return false }); err != nil {
		return err
	}
	for _, r := range s {
		if r == '\u2028' || r == '\u2029' {
			return invalid(field, "holds a line separator (%U); one line is possible", r)
		}
	}
	return nil
}

// Length accepts UTF-8 of at least lo and at most hi characters.
func Length(field, s string, lo, hi int) error {
	if !utf8.ValidString(s) {
		return invalid(field, "is not valid UTF-8")
	}
	switch n := utf8.RuneCountInString(s); {
	case n < lo && n == 0:
		return invalid(field, "is missing")
	case n < lo:
		return invalid(field, "has %d characters; at least %d are needed", n, lo)
	case n > hi:
		return invalid(field, "has %d characters; at most %d are possible", n, hi)
	}
	return nil
}

// Bytes accepts at least lo and at most hi bytes, of whatever kind.
func Bytes(field, s string, lo, hi int) error {
	switch n := len(s); {
	case n < lo && n == 0:
		return invalid(field, "is missing")
	case n < lo:
		return invalid(field, "has %d bytes; at least %d are needed", n, lo)
	case n > hi:
		return invalid(field, "has %d bytes; at most %d are possible", n, hi)
	}
	return nil
}

func text(field, s string, limit int, allowed func(rune) bool) error {
	if err := Length(field, s, 0, limit); err != nil {
		return err
	}
	for _, r := range s {
		switch {
		case unicode.IsControl(r) && !allowed(r):
			return invalid(field, "holds a control character (%U)", r)
		case IsBidiControl(r):
			return invalid(field, "holds a character that changes the direction of text (%U)", r)
		}
	}
	return nil
}

// IsBidiControl reports whether r is an embedding, override or isolate of the
// Unicode Bidirectional Algorithm (UAX #9 §2): the characters by which "exe.4pm"
// is shown as "mp4.exe". The marks that only settle the direction of their
// neighbours, which right-to-left text needs, are none.
func IsBidiControl(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// Count accepts a list of at most limit things.
func Count(field string, n, limit int) error {
	if n > limit {
		return invalid(field, "holds %d; at most %d are possible", n, limit)
	}
	return nil
}
