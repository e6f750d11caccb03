package upload

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

var errField = errors.New("upload: not a structured field")

// structured parses the value of a structured field (RFC 9651 §4.2): all bare
// items, of which integers, booleans and byte sequences are kept; parameters are
// checked and dropped.
type structured struct{ rest string }

// other is a bare item of a type that no field here is made of.
type other struct{}

// fieldInteger returns an Item that is an Integer. A field that is anything else
// is to be ignored, as if it were not there.
func fieldInteger(h http.Header, name string) (n int64, ok bool) {
	v, err := parseItem(fieldValue(h, name))
	n, ok = v.(int64)
	return n, ok && err == nil
}

// fieldSize is fieldInteger for one that counts bytes.
func fieldSize(h http.Header, name string) (n int64, ok bool) {
	n, ok = fieldInteger(h, name)
	return n, ok && n >= 0
}

// fieldBoolean returns an Item that is a Boolean, see fieldInteger.
func fieldBoolean(h http.Header, name string) (b, ok bool) {
	v, err := parseItem(fieldValue(h, name))
	b, ok = v.(bool)
	return b, ok && err == nil
}

// fieldValue joins the lines of a field (RFC 9110 §5.3).
func fieldValue(h http.Header, name string) string { return strings.Join(h.Values(name), ", ") }

// parseItem reads an Item: an int64, a bool, a []byte, or other.
func parseItem(s string) (any, error) {
	p := &structured{strings.TrimLeft(s, " ")}
	v, err := p.item()
	if err == nil && strings.Trim(p.rest, " ") != "" {
		err = errField
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// parseDictionary reads a Dictionary; an inner list in it is other. Of a key that
// occurs twice the last counts.
func parseDictionary(s string) (map[string]any, error) {
	p := &structured{strings.Trim(s, " ")}
	m := make(map[string]any)
	for p.rest != "" {
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		if m[key], err = p.member(); err != nil {
			return nil, err
		}
		p.skip(" \t")
		if p.rest == "" {
			return m, nil
		}
		if !p.take(',') {
			return nil, errField
		}
		if p.skip(" \t"); p.rest == "" { // a comma with nothing after it
			return nil, errField
		}
	}
	return m, nil
}

// member reads what stands after the key of a Dictionary's member.
func (p *structured) member() (any, error) {
	switch {
	case !p.take('='):
		return true, p.parameters()
	case p.take('('):
		return other{}, p.innerList()
	}
	return p.item()
}

func (p *structured) innerList() error {
	for {
		p.skip(" ")
		if p.take(')') {
			return p.parameters()
		}
		if _, err := p.item(); err != nil {
			return err
		}
		if p.rest == "" || p.rest[0] != ' ' && p.rest[0] != ')' {
			return errField
		}
	}
}

func (p *structured) item() (any, error) {
	v, err := p.bareItem()
	if err == nil {
		err = p.parameters()
	}
	return v, err
}

func (p *structured) parameters() error {
	for p.take(';') {
		p.skip(" ")
		if _, err := p.key(); err != nil {
			return err
		}
		if p.take('=') {
			if _, err := p.bareItem(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *structured) key() (string, error) {
	key := p.while(func(c byte) bool { return isLower(c) || isDigit(c) || strings.IndexByte("_-.*", c) >= 0 })
	if key == "" || !isLower(key[0]) && key[0] != '*' {
		return "", errField
	}
	return key, nil
}

func (p *structured) bareItem() (any, error) {
	switch {
	case p.take('?'):
		return p.boolean()
	case p.take(':'):
		return p.bytes()
	case p.take('"'):
		return other{}, p.quoted()
	case p.take('%'):
		if !p.take('"') {
			return nil, errField
		}
		return other{}, p.display()
	case p.take('@'):
		v, err := p.number()
		if _, ok := v.(int64); err == nil && !ok {
			err = errField
		}
		return other{}, err
	case p.rest != "" && (p.rest[0] == '-' || isDigit(p.rest[0])):
		return p.number()
	case p.rest != "" && (p.rest[0] == '*' || isLower(p.rest[0]|0x20)):
		p.while(isToken)
		return other{}, nil
	}
	return nil, errField
}

func (p *structured) boolean() (any, error) {
	switch {
	case p.take('1'):
		return true, nil
	case p.take('0'):
		return false, nil
	}
	return nil, errField
}

// bytes takes base64 without its padding, too (RFC 9651 §4.2.7).
func (p *structured) bytes() (any, error) {
	text, rest, closed := strings.Cut(p.rest, ":")
	if !closed || strings.ContainsAny(text, "\r\n") {
		return nil, errField
	}
	p.rest = rest
	if b, err := base64.StdEncoding.DecodeString(text); err == nil {
		return b, nil
	}
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errField
	}
	return b, nil
}

// number reads an Integer of up to 15 digits. A Decimal is other.
func (p *structured) number() (any, error) {
	sign := int64(1)
	if p.take('-') {
		sign = -1
	}
	digits := p.while(isDigit)
	if digits == "" || len(digits) > 15 {
		return nil, errField
	}
	if p.take('.') {
		fraction := p.while(isDigit)
		if len(digits) > 12 || fraction == "" || len(fraction) > 3 {
			return nil, errField
		}
		return other{}, nil
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return sign * n, err
}

// quoted reads the rest of a String.
func (p *structured) quoted() error {
	for p.rest != "" {
		c := p.next()
		switch {
		case c == '"':
			return nil
		case c == '\\' && (p.take('"') || p.take('\\')):
		case c == '\\', c < ' ', c > '~':
			return errField
		}
	}
	return errField
}

// display reads the rest of a Display String, whose text nobody here looks at.
func (p *structured) display() error {
	for p.rest != "" {
		c := p.next()
		switch {
		case c == '"':
			return nil
		case c < ' ', c > '~':
			return errField
		case c == '%' && (len(p.rest) < 2 || !isLowerHex(p.next()) || !isLowerHex(p.next())):
			return errField
		}
	}
	return errField
}

func (p *structured) next() byte {
	c := p.rest[0]
	p.rest = p.rest[1:]
	return c
}

func (p *structured) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *structured) skip(chars string) { p.rest = strings.TrimLeft(p.rest, chars) }

func (p *structured) while(is func(byte) bool) string {
	n := 0
	for n < len(p.rest) && is(p.rest[n]) {
		n++
	}
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	return taken
}

func isLower(c byte) bool    { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isLowerHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' }

func isToken(c byte) bool {
	return isLower(c|0x20) || isDigit(c) || strings.IndexByte("!#$%&'*+-.^_`|~:/", c) >= 0
}
