package metadata

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// NewID returns 128 random bits as 26 lower-case letters and digits: an id that
// nobody guesses, safe in a path and in a file name.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand.Read
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// IsID reports whether s has the form of NewID's results.
func IsID(s string) bool {
	if len(s) != 26 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
