package validate_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/validate"
)

// The test vectors of EIP-55.
var eip55 = []string{
	"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
	"0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
	"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
	"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
}

func TestEthereumAddressKnowsTheVectorsOfEIP55(t *testing.T) {
	for _, s := range eip55 {
		if err := validate.EthereumAddress("a", s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		b, err := hex.DecodeString(s[2:])
		if err != nil {
			t.Fatal(err)
		}
		if got := validate.FormatEthereumAddress([20]byte(b)); got != s {
			t.Errorf("formatted as %s, want %s", got, s)
		}
	}
}

func TestEthereumAddress(t *testing.T) {
	const mixed = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
	check(t, validate.EthereumAddress, []row{
		{"without a checksum", strings.ToLower(mixed), ""},
		{"in capitals", "0x" + strings.ToUpper(mixed[2:]), ""},
		{"digits alone", "0x" + strings.Repeat("1", 40), ""},
		{"a letter of another case", strings.Replace(mixed, "aA", "AA", 1), "checksum"},
		{"a digit mistyped", strings.Replace(mixed, "6053", "6054", 1), "checksum"},
		{"without 0x", mixed[2:], "0x and 40"},
		{"with 0X", "0X" + mixed[2:], "0x and 40"},
		{"a digit less", mixed[:41], "0x and 40"},
		{"a digit more", mixed + "0", "0x and 40"},
		{"another letter", mixed[:41] + "g", "something else"},
		{"nothing", "", "0x and 40"},
		{"a name", "vitalik.eth", "0x and 40"},
	})
}

func FuzzEthereumAddress(f *testing.F) {
	for _, s := range eip55 {
		f.Add(s)
		f.Add(strings.ToLower(s))
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := validate.EthereumAddress("f", s)
		if err != nil {
			if !errors.Is(err, validate.ErrInvalid) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		b, err := hex.DecodeString(s[2:])
		if err != nil || len(b) != 20 {
			t.Fatalf("%q was accepted: %v", s, err)
		}
		if got := validate.FormatEthereumAddress([20]byte(b)); !strings.EqualFold(got, s) {
			t.Errorf("%q is formatted as %q", s, got)
		}
	})
}

func ExampleFormatEthereumAddress() {
	fmt.Println(validate.FormatEthereumAddress([20]byte{0x5a, 0xae, 0xb6, 0x05, 0x3f, 0x3e, 0x94, 0xc9, 0xb9, 0xa0, 0x9f, 0x33, 0x66, 0x94, 0x35, 0xe7, 0xef, 0x1b, 0xea, 0xed}))
	// Output: 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
}
