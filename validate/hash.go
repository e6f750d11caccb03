package validate

import "strings"

// Hash accepts a hash of size bytes in lower-case hex, such as the 64 digits of
// a SHA-256 for size 32.
func Hash(field, s string, size int) error {
	if len(s) != 2*size {
		return invalid(field, "has %d characters; a hash of %d bytes has %d hexadecimal digits", len(s), size, 2*size)
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return invalid(field, "holds %q; a hash has lower-case hexadecimal digits", rune(c))
		}
	}
	return nil
}

// SHA256 accepts the 64 lower-case hexadecimal digits of a SHA-256 (FIPS 180-4).
func SHA256(field, s string) error { return Hash(field, s, 32) }

// Keccak256 accepts "0x" and the 64 hexadecimal digits of a Keccak-256 as
// Ethereum writes it: the hash of a transaction or block, the topic of an event.
// A letter may be of either case.
func Keccak256(field, s string) error {
	digits, ok := strings.CutPrefix(s, "0x")
	if !ok || len(digits) != 64 {
		return invalid(field, "is no Keccak-256: 0x and 64 hexadecimal digits are needed")
	}
	if strings.ContainsFunc(digits, func(r rune) bool {
		return !isDigit(r) && (r < 'a' || r > 'f') && (r < 'A' || r > 'F')
	}) {
		return invalid(field, "is no Keccak-256: it holds something else than hexadecimal digits")
	}
	return nil
}
