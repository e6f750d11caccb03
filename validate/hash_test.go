package validate_test

import (
	"strings"
	"testing"

	"github.com/streamgate/streamgate/validate"
)

func TestHash(t *testing.T) {
	check(t, func(f, s string) error { return validate.Hash(f, s, 32) }, []row{
		{"a SHA-256", strings.Repeat("0123456789abcdef", 4), ""},
		{"nothing", "", "0 characters; a hash of 32 bytes has 64"},
		{"a digit less", strings.Repeat("0", 63), "63 characters"},
		{"a digit more", strings.Repeat("0", 65), "65 characters"},
		{"capitals", strings.Repeat("AB", 32), "'A'"},
		{"another letter", strings.Repeat("0", 63) + "g", "'g'"},
		{"other digits", strings.Repeat("٣", 32), "lower-case hexadecimal"},
	})
}
