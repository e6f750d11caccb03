package metrics

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Other is the value of every label of the series that takes what a family has
// no room for.
const Other = "other"

// maxValue is how much of a label's value is kept, in bytes before escaping.
const maxValue = 128

// escaped returns a label's value as it stands in the exposition: backslash,
// quote and newline escaped as the text format wants it, whatever is no UTF-8 and
// other control characters replaced by U+FFFD, the end cut off of what is longer
// than maxValue. It allocates only where it changes something.
func escaped(v string) string {
	if plain(v) {
		return v
	}
	v = cut(v)
	clean := strings.IndexFunc(v, special) < 0 && utf8.ValidString(v)
	if clean {
		return v
	}
	var b strings.Builder
	for _, r := range v { // what is no UTF-8 comes as U+FFFD
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '"', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsControl(r):
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain says of most values that there is nothing to do.
func plain(v string) bool {
	if len(v) > maxValue {
		return false
	}
	for i := range len(v) {
		if c := v[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func special(r rune) bool { return r == '"' || r == '\\' || unicode.IsControl(r) }

// cut keeps whole characters.
func cut(v string) string {
	if len(v) <= maxValue {
		return v
	}
	end := maxValue
	for end > maxValue-utf8.UTFMax && !utf8.RuneStart(v[end]) {
		end--
	}
	return v[:end]
}

// render writes labels as they stand between the braces: a="x",b="y". The values
// are escaped already.
func render(names, values []string) string {
	var b strings.Builder
	n := 0
	for i, name := range names {
		n += len(name) + len(values[i]) + len(`="",`)
	}
	b.Grow(max(n-1, 0))
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name)
		b.WriteString(`="`)
		b.WriteString(values[i])
		b.WriteByte('"')
	}
	return b.String()
}

// rendersTo says whether render(names, values) is this, without doing it.
func rendersTo(labels string, names, values []string) bool {
	for i, name := range names {
		labels = labels[len(name)+len(`="`):]
		if !strings.HasPrefix(labels, values[i]) || labels[len(values[i])] != '"' {
			return false
		}
		if labels = labels[len(values[i])+1:]; i < len(names)-1 {
			labels = labels[1:]
		}
	}
	return true
}

var helpEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
