package audit

import (
	"strconv"
	"unicode/utf8"
)

// plain are the bytes that stand in a JSON string as they are.
var plain = func() (t [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// appendText appends s as a JSON string (RFC 8259 §7), cut after limit bytes.
// What could end a line, drive a terminal or turn the direction of writing is
// escaped, so that a line shows what it contains; what is no UTF-8 becomes U+FFFD.
func appendText(dst []byte, s string, limit int) []byte {
	cut := 0
	if len(s) > limit {
		for cut = limit; cut > limit-utf8.UTFMax && !utf8.RuneStart(s[cut]); {
			cut--
		}
		s, cut = s[:cut], len(s)-cut
	}
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		for i+8 <= len(s) && special(eight(s[i:])) == 0 {
			i += 8
		}
		for i < len(s) && plain[s[i]] {
			i++
		}
		if i == len(s) {
			break
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r >= 0xa0 && shown(r) && (r != utf8.RuneError || n > 1) {
			i += n
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, r)
		i += n
		start = i
	}
	dst = append(dst, s[start:]...)
	if cut > 0 {
		dst = append(dst, "…[+"...)
		dst = strconv.AppendInt(dst, int64(cut), 10)
		dst = append(dst, " bytes]"...)
	}
	return append(dst, '"')
}

// special has a bit for each of eight bytes that may not be plain. It may be wrong
// about those that are, never about those that are not.
func special(x uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote, slash := x^ones*'"', x^ones*'\\'
	return ((x-ones*' ')&^x | (quote-ones)&^quote | (slash-ones)&^slash | x | (x + ones)) & tops
}

func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// shown says whether a rune from U+00A0 on may stand as it is: separators of
// lines, marks without a width, marks of direction and tags may not.
func shown(r rune) bool {
	switch {
	case r == 0xad, r == 0x61c, r == 0xfeff,
		0x200b <= r && r <= 0x200f, 0x2028 <= r && r <= 0x202e,
		0x2060 <= r && r <= 0x206f, 0xfff9 <= r && r <= 0xfffb,
		0xe0000 <= r && r <= 0xe0fff:
		return false
	}
	return true
}

func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case utf8.RuneError: // what it stands for is not known any more
		return utf8.AppendRune(dst, r)
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if r > 0xffff {
		r -= 0x10000
		return appendUnit(appendUnit(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
	}
	return appendUnit(dst, r)
}

// appendUnit appends a UTF-16 code unit.
func appendUnit(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
