package validate_test

import (
	"encoding/hex"
	"fmt"
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

func TestKeccak256(t *testing.T) {
	const transfer = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef" // the topic of Transfer(address,address,uint256)
	check(t, validate.Keccak256, []row{
		{"a topic", transfer, ""},
		{"in capitals", "0x" + strings.ToUpper(transfer[2:]), ""},
		{"without 0x", transfer[2:], "0x and 64"},
		{"a digit less", transfer[:65], "0x and 64"},
		{"a digit more", transfer + "0", "0x and 64"},
		{"another letter", transfer[:65] + "g", "something else"},
		{"other digits", "0x" + strings.Repeat("٣", 32), "something else"},
		{"nothing", "", "0x and 64"},
	})
}

func FuzzKeccak256(f *testing.F) {
	f.Add("0x" + strings.Repeat("0f", 32))
	f.Add("0x" + strings.Repeat("٣", 32))
	f.Fuzz(func(t *testing.T, s string) {
		_, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
		valid := err == nil && len(s) == 66 && strings.HasPrefix(s, "0x")
		if got := validate.Keccak256("f", s); (got == nil) != valid {
			t.Errorf("%q: %v", s, got)
		}
	})
}

func ExampleKeccak256() {
	fmt.Println(validate.Keccak256("transaction", "0x12"))
	// Output: transaction is no Keccak-256: 0x and 64 hexadecimal digits are needed
}

func ExampleSHA256() {
	fmt.Println(validate.SHA256("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
	// Output: <nil>
}
