package metrics_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metrics"
)

// exposition is a text that was read back: the values by series, and what is said
// of each family.
type exposition struct {
	values map[string]float64 // by name{label=value,…}, the values unescaped and quoted anew
	labels map[string]map[string]string
	kinds  map[string]string
	help   map[string]string
	order  []string // of the families
}

// scrape reads back what r exposes.
func scrape(t testing.TB, r *metrics.Registry) *exposition {
	t.Helper()
	var b bytes.Buffer
	n, err := r.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, b.Len(), err)
	}
	return parse(t, b.String())
}

// parse reads the text format as strictly as its description (0.0.4) is.
func parse(t testing.TB, text string) *exposition {
	t.Helper()
	x := &exposition{values: map[string]float64{}, labels: map[string]map[string]string{}, kinds: map[string]string{}, help: map[string]string{}}
	if text != "" && !strings.HasSuffix(text, "\n") {
		t.Fatalf("the last line has no end: %q", text)
	}
	for line := range strings.Lines(text) {
		if err := x.line(strings.TrimSuffix(line, "\n")); err != nil {
			t.Fatalf("%v in the line %q", err, line)
		}
	}
	return x
}

func (x *exposition) line(line string) error {
	if rest, ok := strings.CutPrefix(line, "# HELP "); ok {
		name, help, ok := strings.Cut(rest, " ")
		if _, again := x.help[name]; !ok || again {
			return fmt.Errorf("a second or empty HELP")
		}
		x.help[name] = help
		x.order = append(x.order, name)
		return nil
	}
	if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
		name, kind, _ := strings.Cut(rest, " ")
		if _, again := x.kinds[name]; again || x.help[name] == "" {
			return fmt.Errorf("a second TYPE, or one without HELP")
		}
		x.kinds[name] = kind
		return nil
	}
	return x.sample(line)
}

func (x *exposition) sample(line string) error {
	i := strings.IndexAny(line, "{ ")
	if i < 0 {
		return fmt.Errorf("no value")
	}
	name, rest := line[:i], line[i:]
	labels, rest, err := parseLabels(rest)
	if err != nil {
		return err
	}
	value, err := strconv.ParseFloat(strings.TrimPrefix(rest, " "), 64)
	if err != nil {
		return err
	}
	if !x.declared(name) {
		return fmt.Errorf("%s comes before its TYPE, or among another family", name)
	}
	key := name + format(labels)
	if _, again := x.values[key]; again {
		return fmt.Errorf("%s is there twice", key)
	}
	x.values[key] = value
	x.labels[key] = make(map[string]string)
	for _, l := range labels {
		x.labels[key][l[0]] = l[1]
	}
	return nil
}

// declared says whether a sample belongs to the family that was declared last.
func (x *exposition) declared(sample string) bool {
	if len(x.order) == 0 {
		return false
	}
	last := x.order[len(x.order)-1]
	suffix, ok := strings.CutPrefix(sample, last)
	switch x.kinds[last] {
	case "histogram":
		return ok && (suffix == "_bucket" || suffix == "_sum" || suffix == "_count")
	case "summary":
		return ok && (suffix == "" || suffix == "_sum" || suffix == "_count")
	case "":
		return false
	}
	return ok && suffix == ""
}

func parseLabels(s string) (labels [][2]string, rest string, err error) {
	s, ok := strings.CutPrefix(s, "{")
	if !ok {
		return nil, s, nil
	}
	for {
		name, after, ok := strings.Cut(s, `="`)
		if !ok {
			return nil, "", fmt.Errorf("no value of a label in %q", s)
		}
		value, after, err := parseValue(after)
		if err != nil {
			return nil, "", err
		}
		labels = append(labels, [2]string{name, value})
		if rest, ok := strings.CutPrefix(after, "}"); ok {
			return labels, rest, nil
		}
		if s, ok = strings.CutPrefix(after, ","); !ok {
			return nil, "", fmt.Errorf("no comma in %q", after)
		}
	}
}

func parseValue(s string) (value, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return b.String(), s[i+1:], nil
		case '\\':
			i++
			escapes := map[byte]byte{'n': '\n', '"': '"', '\\': '\\'}
			if i == len(s) || escapes[s[i]] == 0 {
				return "", "", fmt.Errorf("no escape in %q", s)
			}
			b.WriteByte(escapes[s[i]])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("no quote at the end of %q", s)
}

func format(labels [][2]string) string {
	if len(labels) == 0 {
		return ""
	}
	var all []string
	for _, l := range labels {
		all = append(all, l[0]+"="+strconv.Quote(l[1]))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// must is for what cannot fail in a test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
