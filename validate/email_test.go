package validate_test

import (
	"errors"
	"net/mail"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/validate"
)

var (
	local64   = strings.Repeat("l", 64)
	label63   = strings.Repeat("d", 63)
	domain189 = strings.Join([]string{strings.Repeat("a", 63), label63, strings.Repeat("c", 57), "org"}, ".")
)

var emails = []row{
	{"plain", "ann@example.com", ""},
	{"every character of an atom", "!#$%&'*+-/=?^_`{|}~09azAZ@example.com", ""},
	{"dots and a tag", "a.b.c+tag@sub.example.co.uk", ""},
	{"international", "用户@例子.广告", ""},
	{"an A-label", "a@xn--fsqu00a.xn--g6w251d", ""},
	{"a local part of 64", local64 + "@example.com", ""},
	{"a local part of 65", local64 + "l@example.com", "65 bytes before the @; at most 64"},
	{"254 bytes", local64 + "@" + domain189, ""},
	{"255 bytes", local64 + "@" + "x" + domain189, "255 bytes; an e-mail address has at most 254"},
	{"a label of 63", "a@" + label63 + ".org", ""},
	{"a label of 64", "a@" + label63 + "d.org", "not a domain name"},
	{"nothing", "", "no @"},
	{"no at", "ann.example.com", "no @"},
	{"two ats", "a@b@example.com", "not a domain name"},
	{"nothing before it", "@example.com", "before the @ is not valid"},
	{"nothing after it", "ann@", "not a domain name"},
	{"a dot in front", ".a@example.com", "before the @"},
	{"a dot at the end", "a.@example.com", "before the @"},
	{"two dots", "a..b@example.com", "before the @"},
	{"a space", "a b@example.com", "before the @"},
	{"a space around it", " a@example.com", "before the @"},
	{"a line break", "a@example.com\r\nBcc: x@example.com", "not a domain name"},
	{"a NUL", "a\x00@example.com", "before the @"},
	{"an override", "a\u202e@example.com", "before the @"},
	{"a no-break space", "a\u00a0b@example.com", "before the @"},
	{"a quoted local part", `"a b"@example.com`, "before the @"},
	{"a comment", "a(c)@example.com", "before the @"},
	{"a display name", "Ann <ann@example.com>", "before the @"},
	{"an address literal", "a@[127.0.0.1]", "not a domain name"},
	{"an address", "a@127.0.0.1", "not complete"},
	{"a host", "root@localhost", "not complete"},
	{"a trailing dot", "a@example.com.", "not a domain name"},
	{"two dots in the domain", "a@example..com", "not a domain name"},
	{"a hyphen in front", "a@-example.com", "not a domain name"},
	{"a hyphen at the end", "a@example-.com", "not a domain name"},
	{"an underscore", "a@exa_mple.com", "not a domain name"},
	{"no UTF-8", "\xff@example.com", "not valid UTF-8"},
}

func TestEmail(t *testing.T) { check(t, validate.Email, emails) }

func FuzzEmail(f *testing.F) {
	for _, r := range emails {
		f.Add(r.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := validate.Email("f", s)
		if err != nil {
			if !errors.Is(err, validate.ErrInvalid) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		// What is accepted here is an address to another parser too, and the same one.
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
			t.Errorf("%q was accepted; net/mail says %v, %v", s, a, err)
		}
	})
}
