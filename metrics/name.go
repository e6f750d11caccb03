package metrics

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The names that Prometheus takes (its data model, "Metric names and labels").
// Colons are for recording rules.
var (
	nameShape = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	errShape  = errors.New("a name has letters, digits and _ and begins with no digit")
)

// description is what is known of a family.
type description struct {
	name, help string
	kind       kind
	labels     []string
	bounds     []float64 // of a histogram
}

type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
	summary   kind = "summary"
)

// check refuses what Prometheus would not read, and what promtool complains of.
func (d *description) check() error {
	if err := d.checkName(); err != nil {
		return fmt.Errorf("metrics: the %s %q: %w", d.kind, d.name, err)
	}
	if strings.TrimSpace(d.help) == "" {
		return fmt.Errorf("metrics: the %s %q: its help is empty", d.kind, d.name)
	}
	for i, l := range d.labels {
		if err := checkLabel(l, d.labels[:i]); err != nil {
			return fmt.Errorf("metrics: the %s %q: the label %q: %w", d.kind, d.name, l, err)
		}
	}
	return nil
}

func (d *description) checkName() error {
	total := strings.HasSuffix(d.name, "_total")
	switch {
	case !nameShape.MatchString(d.name):
		return errShape
	case d.kind == counter && !total:
		return errors.New("the name of a counter ends with _total")
	case d.kind != counter && total:
		return errors.New("only the name of a counter ends with _total")
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if strings.HasSuffix(d.name, suffix) {
			return fmt.Errorf("a name that ends with %s is that of a part of a histogram", suffix)
		}
	}
	return nil
}

// checkLabel refuses names that others give a meaning to.
func checkLabel(name string, before []string) error {
	switch {
	case !nameShape.MatchString(name):
		return errShape
	case strings.HasPrefix(name, "__"), name == "le", name == "quantile":
		return errors.New("it is one that Prometheus uses itself")
	case slices.Contains(before, name):
		return errors.New("it is there twice")
	}
	return nil
}
