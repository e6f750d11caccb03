package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of go test -json (`go doc test2json`).
type event struct {
	Action, Package, Test, Output, Key string
}

// report is what a run has come to so far.
type report struct {
	to    io.Writer
	under map[string]*pkg
}

// pkg is one package under test.
type pkg struct {
	said []event         // what its tests have printed, but for those that are well
	left map[string]bool // tests that are left, by their names at the top
}

// read reads events to their end. A line that is none, such as one of a test binary
// that writes past its framework, is passed on.
func (r *report) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				r.take(e)
			} else {
				r.print(string(line))
			}
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return err
		}
	}
}

func (r *report) take(e event) {
	if e.Action == "build-output" {
		r.print(e.Output)
		return
	}
	p := r.under[e.Package]
	if p == nil {
		p = &pkg{left: map[string]bool{}}
		if r.under == nil {
			r.under = map[string]*pkg{}
		}
		r.under[e.Package] = p
	}
	switch {
	case e.Action == "output":
		p.said = append(p.said, e)
	case e.Test == "" && (e.Action == "pass" || e.Action == "skip"):
		for _, s := range p.said {
			if strings.HasPrefix(s.Output, "ok ") || strings.HasPrefix(s.Output, "? ") {
				r.print(s.Output)
			}
		}
		p.said = nil
	case e.Test == "" && e.Action == "fail":
		for _, s := range p.said {
			r.print(s.Output)
		}
		p.said = nil
	case e.Action == "skip", e.Action == "attr" && e.Key == "short":
		top, _, _ := strings.Cut(e.Test, "/")
		p.left[top] = true
	}
	if e.Test != "" && (e.Action == "pass" || e.Action == "skip") {
		p.said = slices.DeleteFunc(p.said, func(s event) bool { return s.Test == e.Test })
	}
}

func (r *report) print(text string) { fmt.Fprint(r.to, text) }

// rest are the arguments of a go test of what was left out, packages of which most is
// left first: to be begun first.
func (r *report) rest() string {
	names := map[string]bool{}
	var packages []string
	for path, p := range r.under {
		if len(p.left) > 0 {
			packages = append(packages, path)
			maps.Copy(names, p.left)
		}
	}
	if len(packages) == 0 {
		return ""
	}
	slices.SortFunc(packages, func(a, b string) int {
		return cmp.Or(len(r.under[b].left)-len(r.under[a].left), strings.Compare(a, b))
	})
	var b bytes.Buffer
	fmt.Fprintf(&b, "-run=^(%s)$ %s\n", strings.Join(slices.Sorted(maps.Keys(names)), "|"), strings.Join(packages, " "))
	return b.String()
}
