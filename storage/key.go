package storage

import (
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

// The limits of a key.
const (
	MaxKeyLen      = 512 // bytes in all
	MaxKeyElements = 8
	MaxElementLen  = 128 // bytes
)

// CheckKey returns nil for a key that every store takes, else an error matching
// ErrInvalidKey that says what is wrong.
//
// A key is one to MaxKeyElements elements with a slash between them. An element
// is 1 to MaxElementLen of the bytes a-z, 0-9, '-', '_' and '.', neither
// beginning nor ending with a dot, and no name that Windows keeps for a device
// ("nul", "com1.mp4"). So a key is the same file on every operating system, and
// never leads out of the directory it is joined to. Capitals are refused
// because file systems differ on whether A and a are one name.
func CheckKey(key string) error {
	if len(key) > MaxKeyLen {
		return problem.Errorf(ErrInvalidKey, "a key has at most %d bytes, this one has %d", MaxKeyLen, len(key))
	}
	n := 0
	for element := range strings.SplitSeq(key, "/") {
		if n++; n > MaxKeyElements {
			return problem.Errorf(ErrInvalidKey, "a key has at most %d elements", MaxKeyElements)
		}
		if err := CheckElement(element); err != nil {
			return err
		}
	}
	return nil
}

// CheckElement is CheckKey for a single element.
func CheckElement(e string) error {
	switch {
	case e == "":
		return problem.Errorf(ErrInvalidKey, "a key is not empty, and has one slash between elements, none at its ends")
	case len(e) > MaxElementLen:
		return problem.Errorf(ErrInvalidKey, "an element of a key has at most %d bytes, this one has %d", MaxElementLen, len(e))
	case e[0] == '.' || e[len(e)-1] == '.':
		return problem.Errorf(ErrInvalidKey, "an element of a key neither begins nor ends with a dot: %q", e)
	}
	for i := range len(e) {
		if !isKeyByte(e[i]) {
			return problem.Errorf(ErrInvalidKey, "a key is made of a-z, 0-9, '-', '_', '.' and '/': %q", e)
		}
	}
	if isDeviceName(e) {
		return problem.Errorf(ErrInvalidKey, "%q is the name of a device on some systems", e)
	}
	return nil
}

func isKeyByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
}

// isDeviceName says whether Windows opens a device by this name, with whatever
// extension.
func isDeviceName(e string) bool {
	base, _, _ := strings.Cut(e, ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	if len(base) != 4 || base[3] < '1' || base[3] > '9' {
		return false
	}
	return base[:3] == "com" || base[:3] == "lpt"
}
