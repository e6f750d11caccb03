package captions

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decode returns the text in UTF-8 without a byte order mark, its lines ended by
// "\n" alone. UTF-16 is known by its mark.
func decode(file []byte) (string, error) {
	var text string
	switch {
	case has(file, 0xef, 0xbb, 0xbf):
		text = string(file[3:])
	case has(file, 0xff, 0xfe):
		text = decode16(file[2:], binary.LittleEndian)
	case has(file, 0xfe, 0xff):
		text = decode16(file[2:], binary.BigEndian)
	default:
		text = string(file)
	}
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	if !utf8.ValidString(text) {
		return "", invalid(1+strings.Count(validPrefix(text), "\n"), "this is no UTF-8; save the file as UTF-8")
	}
	return text, nil
}

func has(file []byte, mark ...byte) bool {
	return strings.HasPrefix(string(file[:min(len(file), 3)]), string(mark))
}

// decode16 makes the replacement character of half a pair and of an odd byte.
func decode16(b []byte, order binary.ByteOrder) string {
	var text strings.Builder
	text.Grow(len(b) / 2)
	for len(b) >= 2 {
		r := rune(order.Uint16(b))
		b = b[2:]
		if utf16.IsSurrogate(r) {
			next := rune(-1)
			if len(b) >= 2 {
				next = rune(order.Uint16(b))
			}
			if r = utf16.DecodeRune(r, next); r != utf8.RuneError {
				b = b[2:]
			}
		}
		text.WriteRune(r)
	}
	if len(b) > 0 {
		text.WriteRune(utf8.RuneError)
	}
	return text.String()
}

// validPrefix is what of s comes before its first bad byte.
func validPrefix(s string) string {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return s[:i]
			}
		}
	}
	return s
}

func lineName(line int) string { return "line " + strconv.Itoa(line) + ": " }
