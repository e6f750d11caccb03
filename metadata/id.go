package metadata

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// NewID returns 128 random bits as 26 lower-case letters and digits: an id that
// nobody guesses, safe in a path and in a file name.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand.Read
	return encodeID(b[:])
}

// DerivedID returns the id that belongs to these ids in this order, and to no
// others: who makes something of them twice finds it the second time. It is as
// hard to guess as they are.
func DerivedID(ids ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
	return encodeID(sum[:16])
}

func encodeID(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
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
