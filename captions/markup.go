package captions

import (
	"html"
	"slices"
	"strings"
	"unicode"
)

// normalise makes of the text of a cue one that is safe in WebVTT (§4.2.2): the
// tags that it knows, balanced, and all else as text, escaped. It is "" where
// nothing would be seen. What it returns, it returns unchanged.
func normalise(line int, s string) (string, error) {
	if len(s) > MaxText {
		return "", tooLong(line)
	}
	m := new(markup)
	closed := strings.Contains(s, ">")
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		m.text(html.UnescapeString(s[:i]))
		if s = s[i:]; s == "" {
			break
		}
		end := -1
		if closed && isTag(s) {
			end = strings.IndexByte(s, '>')
			closed = end >= 0
		}
		if end < 0 {
			m.text("<")
			s = s[1:]
			continue
		}
		m.tag(s[1:end])
		s = s[end+1:]
		if len(m.open) > maxDepth {
			return "", invalid(line, "tags are more than %d deep within each other", maxDepth)
		}
	}
	text := m.end()
	if len(text) > MaxText {
		return "", tooLong(line)
	}
	return text, nil
}

// isTag tells "<i>" from "a < b".
func isTag(s string) bool {
	if len(s) < 2 {
		return false
	}
	c := s[1]
	return c == '/' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// markup is cue text that is being written.
type markup struct {
	strings.Builder

	open []string // tags, innermost last
	seen bool     // something of it is visible
}

// text adds text that is no markup.
func (m *markup) text(s string) {
	for _, r := range s {
		switch {
		case r == '\n':
			m.WriteByte('\n')
		case r == '\t':
			m.WriteByte(' ')
		case unicode.IsControl(r):
		case r == '&':
			m.WriteString("&amp;")
		case r == '<':
			m.WriteString("&lt;")
		case r == '>':
			m.WriteString("&gt;")
		default:
			m.WriteRune(r)
		}
		m.seen = m.seen || !unicode.IsSpace(r) && !unicode.IsControl(r)
	}
}

// tag adds what stands between angle brackets, if it is a tag of WebVTT.
func (m *markup) tag(s string) {
	if name, ok := strings.CutPrefix(s, "/"); ok {
		m.close(strings.ToLower(strings.TrimSpace(name)))
		return
	}
	if t, ok := parseTime(s); ok && strings.Contains(s, ".") && t < MaxTime {
		m.WriteByte('<')
		m.Write(AppendTime(nil, t))
		m.WriteByte('>')
		return
	}
	name, annotation := s, ""
	if i := strings.IndexAny(s, " \t\n"); i >= 0 {
		name, annotation = s[:i], s[i:]
	}
	name, classes, _ := strings.Cut(name, ".")
	switch name = strings.ToLower(name); name {
	case "i", "b", "u", "c", "ruby", "rt":
		annotation = ""
	case "v", "lang":
		annotation = cleanAnnotation(annotation)
	default:
		return
	}
	m.open = append(m.open, name)
	m.WriteString("<" + name + cleanClasses(classes) + annotation + ">")
}

// close closes a tag, and those within it.
func (m *markup) close(name string) {
	for i, open := range slices.Backward(m.open) {
		if open == name {
			m.closeTo(i)
			return
		}
	}
}

func (m *markup) closeTo(depth int) {
	for len(m.open) > depth {
		last := len(m.open) - 1
		m.WriteString("</" + m.open[last] + ">")
		m.open = m.open[:last]
	}
}

// end closes what is open, and takes out empty lines and the space around lines.
func (m *markup) end() string {
	if !m.seen {
		return ""
	}
	m.closeTo(0)
	var kept []string
	for line := range strings.SplitSeq(m.String(), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// cleanAnnotation writes who speaks, or in which language, on one line.
func cleanAnnotation(s string) string {
	var m markup
	m.text(strings.Join(strings.Fields(html.UnescapeString(s)), " "))
	if s := strings.TrimSpace(m.String()); s != "" {
		return " " + s
	}
	return ""
}

func cleanClasses(s string) string {
	var b strings.Builder
	for class := range strings.SplitSeq(s, ".") {
		if class != "" && !strings.ContainsFunc(class, func(r rune) bool {
			return (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9') && r != '_' && r != '-'
		}) {
			b.WriteString("." + class)
		}
	}
	return b.String()
}
