package jobs

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/streamgate/streamgate/internal/problem"
)

const (
	// maxDepth is how deep arguments may be nested: SQLite stops at 1,000.
	maxDepth = 500
	// maxDigits keeps numbers to what PostgreSQL's numeric type has.
	maxDigits = 1000
)

// checkArgs refuses arguments that some database does not keep as they are: PostgreSQL's
// jsonb has no NUL and no half of a surrogate pair, and of scalars some become others.
func checkArgs(text []byte) error {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil
	case !utf8.Valid(text) || !json.Valid(text) || !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")):
		return problem.Errorf(ErrInvalid, "the arguments are no JSON object")
	}
	if err := checkEscapes(text); err != nil {
		return err
	}
	return checkTokens(text)
}

// checkEscapes looks at the \u escapes of valid JSON, which has backslashes in strings
// alone.
func checkEscapes(text []byte) error {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++ // what is escaped, which may be a backslash
		r, ok := escaped(text[i-1:])
		if !ok {
			continue
		}
		i += 4
		if r == 0 {
			return problem.Errorf(ErrInvalid, "the arguments hold a NUL, which not every database keeps")
		}
		if !utf16.IsSurrogate(r) {
			continue
		}
		low, _ := escaped(text[i+1:])
		if utf16.DecodeRune(r, low) == utf8.RuneError {
			return problem.Errorf(ErrInvalid, "the arguments hold half of a surrogate pair, which is no character")
		}
		i += 6
	}
	return nil
}

// escaped is what the \u escape at the beginning of text stands for.
func escaped(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}

// checkTokens looks at the numbers of valid JSON, and how deep it goes.
func checkTokens(text []byte) error {
	d, depth := json.NewDecoder(bytes.NewReader(text)), 0
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return nil //nolint:nilerr // it is valid, so this is its end
		}
		switch v := token.(type) {
		case json.Delim:
			if v == '}' || v == ']' {
				depth--
			} else if depth++; depth > maxDepth {
				return problem.Errorf(ErrInvalid, "the arguments are nested more than %d deep", maxDepth)
			}
		case json.Number:
			if len(v) > maxDigits || exponent(v.String()) > maxDigits {
				return problem.Errorf(ErrInvalid, "the arguments hold a number of more than %d digits", maxDigits)
			}
		}
	}
}

// exponent is that of a number in JSON, without its sign.
func exponent(number string) int {
	at := strings.IndexAny(number, "eE")
	if at < 0 {
		return 0
	}
	n, err := strconv.Atoi(number[at+1:])
	if err != nil {
		return math.MaxInt
	}
	return max(n, -n)
}
