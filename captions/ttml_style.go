package captions

import (
	"encoding/xml"
	"html"
	"strings"
)

func attribute(attrs []xml.Attr, name string) string {
	for _, a := range attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (s style) and(o style) style {
	return style{s.italic || o.italic, s.bold || o.bold, s.underline || o.underline}
}

// set reads an attribute of TTML's style (TTML2 §10.2).
func (s *style) set(a xml.Attr) {
	switch a.Name.Local {
	case "fontStyle":
		s.italic = a.Value == "italic" || a.Value == "oblique"
	case "fontWeight":
		s.bold = a.Value == "bold"
	case "textDecoration":
		s.underline = strings.Contains(" "+a.Value+" ", " underline ")
	}
}

// marked writes runs of one time as cue text.
func marked(runs []ttmlRun) string {
	var b strings.Builder
	for _, r := range runs {
		open, end := r.style.tags()
		b.WriteString(open)
		b.WriteString(html.EscapeString(r.text))
		b.WriteString(end)
	}
	return b.String()
}

func (s style) tags() (open, end string) {
	for _, t := range []struct {
		is   bool
		name string
	}{{s.italic, "i"}, {s.bold, "b"}, {s.underline, "u"}} {
		if t.is {
			open, end = open+"<"+t.name+">", "</"+t.name+">"+end
		}
	}
	return open, end
}
