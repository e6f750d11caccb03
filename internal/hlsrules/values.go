package hlsrules

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// kind is a type of attribute values (§4.2) or what an attribute makes of one.
type kind struct {
	name string
	ok   func(string) bool
}

func pattern(name, expression string) kind {
	return kind{name, regexp.MustCompile(`^(?:` + expression + `)$`).MatchString}
}

func enum(values ...string) kind {
	return kind{"one of " + strings.Join(values, ", "), func(s string) bool { return slices.Contains(values, s) }}
}

// in is what a quoted string has between its quotes.
func in(name string, ok func(string) bool) kind {
	return kind{name, func(s string) bool { return isQuoted(s) && ok(unquote(s)) }}
}

func inPattern(name, expression string) kind {
	return in(name, regexp.MustCompile(`^(?:`+expression+`)$`).MatchString)
}

var (
	decimal      = pattern("a decimal-integer", `[0-9]{1,20}`)
	float        = pattern("a decimal-floating-point", `[0-9]+(\.[0-9]+)?|\.[0-9]+`)
	signed       = pattern("a signed-decimal-floating-point", `-?([0-9]+(\.[0-9]+)?|\.[0-9]+)`)
	hex          = pattern("a hexadecimal-sequence", `0[xX][0-9A-F]+`)
	resolution   = pattern("a decimal-resolution", `[0-9]{1,20}x[0-9]{1,20}`)
	yesNo        = enum("YES", "NO")
	yes          = enum("YES")
	quoted       = in("a quoted-string that is not empty", func(s string) bool { return s != "" })
	quotedEmpty  = in("a quoted-string", func(string) bool { return true })
	quotedOrNone = kind{"a quoted-string or NONE", func(s string) bool { return s == "NONE" || quoted.ok(s) }}
	address      = in("a quoted URI", isURI)
	date         = in("a quoted date and time", isDate)
	language     = in("a quoted language tag", isLanguage)
	variable     = inPattern("a quoted variable name", `[a-zA-Z0-9_-]+`)
	stable       = inPattern("a quoted stable identifier", `[a-zA-Z0-9+/=._-]+`)
	versions     = inPattern("quoted positive integers", `[1-9][0-9]*(/[1-9][0-9]*)*`)
	rangeAt      = inPattern("a quoted byte range with an offset", `[0-9]{1,20}@[0-9]{1,20}`)
	cues         = inPattern("a quoted list of PRE, POST, ONCE", `(PRE|POST|ONCE)(,(PRE|POST|ONCE))*`)
	channels     = inPattern("a quoted list of channel parameters", `[0-9]+(/([A-Z0-9-]+(,[A-Z0-9-]+)*(/[A-Z0-9-]+(,[A-Z0-9-]+)*)?)?)?`)
)

// languageTag is the form of RFC 5646 §2.1: language, script, region, variants,
// extensions and private use.
const languageTag = `^(?i:[a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{4,8})(?i:-[a-z]{4})?(?i:-(?:[a-z]{2}|[0-9]{3}))?` +
	`(?i:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?i:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?i:-x(?:-[a-z0-9]{1,8})+)?$|^(?i:x(?:-[a-z0-9]{1,8})+)$`

var languageForm = regexp.MustCompile(languageTag)

func isLanguage(s string) bool {
	return languageForm.MatchString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}

func isQuoted(s string) bool {
	return len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' && !strings.ContainsAny(s[1:len(s)-1], "\"\r\n")
}

func unquote(s string) string {
	if !isQuoted(s) {
		return s
	}
	return s[1 : len(s)-1]
}

// isURI takes the characters of RFC 3986 §2 and what parses.
func isURI(s string) bool {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r) }) {
		return false
	}
	_, err := url.Parse(s)
	return err == nil
}

// isDate takes ISO 8601 dates as EXT-X-PROGRAM-DATE-TIME has them.
func isDate(s string) bool {
	_, ok := parseDate(s)
	return ok
}

func parseDate(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
