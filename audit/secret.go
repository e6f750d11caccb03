package audit

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a value that no formatting shows: by fmt with any verb, by slog with
// any handler, as JSON or text it is "[redacted]", and so it is inside of other
// values. Only Reveal returns it. The zero Secret is an empty one, and looks the same.
type Secret struct {
	// A function: what prints by reflection, past all methods, as fmt does with
	// fields that are not exported, finds an address in it and no text.
	reveal func() string
}

// NewSecret hides value.
func NewSecret(value string) Secret { return Secret{func() string { return value }} }

// Reveal returns what is hidden.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Format implements fmt.Formatter for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String implements fmt.Stringer.
func (Secret) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return redacted }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON implements json.Marshaler.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText implements encoding.TextMarshaler.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// The lengths of the shortest and the longest name that isSensitive knows.
const (
	shortestSensitive = len("token")
	longestSensitive  = len("proxyauthorization")
)

// isSensitive says whether a value of this name never gets into a line: the headers
// that carry credentials, and what else usually does, in whatever case, with
// or without - and _.
func isSensitive(name string) bool {
	if len(name) < shortestSensitive {
		return false
	}
	var folded [longestSensitive]byte
	n := 0
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '-' || c == '_':
			continue
		case n == len(folded):
			return false
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		}
		folded[n] = c
		n++
	}
	switch string(folded[:n]) {
	case "authorization", "proxyauthorization", "cookie", "setcookie",
		"xapikey", "apikey", "xauthtoken", "xcsrftoken",
		"password", "passwd", "secret", "clientsecret",
		"token", "accesstoken", "refreshtoken", "idtoken", "bearertoken",
		"privatekey", "signingkey", "credentials", "sessionid":
		return true
	}
	return false
}
