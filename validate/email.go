package validate

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of RFC 5321 §4.5.3.1, in bytes. A path of 256 has two angle brackets.
const (
	maxEmail = 254
	maxLocal = 64
	maxLabel = 63 // RFC 1035 §2.3.4
)

// Email accepts an address that people have: an addr-spec (RFC 5322 §3.4.1) with
// a dot-atom before the '@' and a domain name of two labels or more after it,
// internationalized ones (RFC 6531) included, within the limits of RFC 5321.
// Quoted local parts, comments, address literals and dotless domains, which the
// grammar has and mailboxes have not, are refused. Whether anybody reads mail
// there is only known by sending some.
func Email(field, s string) error {
	if len(s) > maxEmail {
		return invalid(field, "has %d bytes; an e-mail address has at most %d", len(s), maxEmail)
	}
	if !utf8.ValidString(s) {
		return invalid(field, "is not valid UTF-8")
	}
	local, domain, found := strings.Cut(s, "@")
	if !found {
		return invalid(field, "is no e-mail address: it has no @")
	}
	if len(local) > maxLocal {
		return invalid(field, "has %d bytes before the @; at most %d are possible", len(local), maxLocal)
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, notAtext) {
			return invalid(field, "is no e-mail address: the part before the @ is not valid")
		}
	}
	return emailDomain(field, domain)
}

func emailDomain(field, domain string) error {
	labels := strings.Split(domain, ".")
	for _, l := range labels {
		if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' || strings.ContainsFunc(l, notLabel) {
			return invalid(field, "is no e-mail address: the part after the @ is not a domain name")
		}
	}
	if len(labels) < 2 || strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return invalid(field, "is no e-mail address: the domain name is not complete")
	}
	return nil
}

// notAtext: RFC 5322 §3.2.3 with the UTF-8 of RFC 6532 §3.2, of which only what is visible.
func notAtext(r rune) bool {
	if r >= utf8.RuneSelf {
		return !unicode.IsGraphic(r) || unicode.IsSpace(r)
	}
	return !isAlphanumeric(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// notLabel: letters, digits and hyphens, with the U-labels of RFC 5890 §2.3.2.1.
func notLabel(r rune) bool {
	if r >= utf8.RuneSelf {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}
	return !isAlphanumeric(r) && r != '-'
}

func isAlphanumeric(r rune) bool { return isAlpha(r) || isDigit(r) }

func isAlpha(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }
