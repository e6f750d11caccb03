package validate

import (
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/sha3"
)

// EthereumAddress accepts "0x" and 40 hexadecimal digits. Digits of mixed case
// must be the checksum of EIP-55; digits of one case carry none.
func EthereumAddress(field, s string) error {
	digits, ok := strings.CutPrefix(s, "0x")
	if !ok || len(digits) != 40 {
		return invalid(field, "is no Ethereum address: 0x and 40 hexadecimal digits are needed")
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return invalid(field, "is no Ethereum address: it holds something else than hexadecimal digits")
	}
	if digits == strings.ToLower(digits) || digits == strings.ToUpper(digits) {
		return nil
	}
	if s != FormatEthereumAddress([20]byte(b)) {
		return invalid(field, "has a wrong checksum (EIP-55): a digit was mistyped")
	}
	return nil
}

// FormatEthereumAddress returns an address as EIP-55 writes it: a letter is a
// capital where the digit at its place in the Keccak-256 of the lower-case
// digits is 8 or more.
func FormatEthereumAddress(addr [20]byte) string {
	digits := []byte(hex.EncodeToString(addr[:]))
	h := sha3.NewLegacyKeccak256()
	_, _ = h.Write(digits) // a hash never fails
	sum := h.Sum(nil)
	for i, c := range digits {
		nibble := sum[i/2] >> 4
		if i%2 == 1 {
			nibble = sum[i/2] & 0xf
		}
		if c >= 'a' && nibble >= 8 {
			digits[i] = c - 'a' + 'A'
		}
	}
	return "0x" + string(digits)
}
