package validate

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
