package metrics

import (
	"fmt"
	"strconv"
)

// layout is how the lines of a family look, as far as they are all the same.
type layout struct {
	description
	header   string   // HELP and TYPE
	constant string   // labels of the registry, rendered
	le       []string // the label le of each bucket, +Inf included
}

func newLayout(d description, constant string) layout {
	l := layout{description: d, constant: constant}
	l.header = "# HELP " + d.name + " " + helpEscaper.Replace(d.help) + "\n# TYPE " + d.name + " " + string(d.kind) + "\n"
	if d.kind == histogram {
		for _, bound := range d.bounds {
			l.le = append(l.le, `le="`+string(appendFloat(nil, bound))+`"`)
		}
		l.le = append(l.le, `le="+Inf"`)
	}
	return l
}

// sample appends a line up to its value: the name with a suffix, the labels of
// the registry, of the series and one more.
func (l *layout) sample(b []byte, suffix, labels, more string) []byte {
	b = append(append(b, l.name...), suffix...)
	open := byte('{')
	for _, part := range [...]string{l.constant, labels, more} {
		if part != "" {
			b = append(append(b, open), part...)
			open = ','
		}
	}
	if open == ',' {
		b = append(b, '}')
	}
	return append(b, ' ')
}

func (l *layout) describe() *layout { return l }

func (l *layout) errorf(format string, args ...any) error {
	return fmt.Errorf("metrics: the %s %q: %s", l.kind, l.name, fmt.Sprintf(format, args...))
}

// appendFloat writes a number as the text format has it.
func appendFloat(b []byte, v float64) []byte {
	if i := int64(v); float64(i) == v && i > -1e15 && i < 1e15 {
		return strconv.AppendInt(b, i, 10)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}
