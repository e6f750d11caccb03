package validate_test

import (
	"errors"
	"fmt"

	"github.com/streamgate/streamgate/validate"
)

func ExampleText() {
	fmt.Println(validate.Text("description", "two\nlines", 1000))
	fmt.Println(validate.Text("description", "\x1b[31mred", 1000))
	// Output:
	// <nil>
	// description holds a control character (U+001B)
}

func ExampleFilename() {
	err := validate.Filename("file", "../../etc/passwd")
	fmt.Println(err, errors.Is(err, validate.ErrInvalid))
	// Output: file holds a path separator; the name of a file without a folder is wanted true
}

func ExampleEmail() {
	fmt.Println(validate.Email("e-mail", "ann+video@example.com"))
	fmt.Println(validate.Email("e-mail", "ann@example"))
	// Output:
	// <nil>
	// e-mail is no e-mail address: the domain name is not complete
}

func ExampleHash() {
	fmt.Println(validate.Hash("sha256", "abc", 32))
	// Output: sha256 has 3 characters; a hash of 32 bytes has 64 hexadecimal digits
}

func ExampleEthereumAddress() {
	fmt.Println(validate.EthereumAddress("wallet", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"))
	fmt.Println(validate.EthereumAddress("wallet", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAef"))
	// Output:
	// <nil>
	// wallet has a wrong checksum (EIP-55): a digit was mistyped
}

func ExampleLanguageTag() {
	fmt.Println(validate.LanguageTag("language", "zh-Hant-TW"))
	fmt.Println(validate.LanguageTag("language", "de_CH"))
	// Output:
	// <nil>
	// language is no language tag (BCP 47), such as en or pt-BR
}
