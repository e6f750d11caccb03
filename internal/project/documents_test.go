package project_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSnippetsAreCodeThatCompiles wants every Go block of the documents for
// users to stand, line for line, in an Example or an example program.
func TestSnippetsAreCodeThatCompiles(t *testing.T) {
	var compiled []string
	for _, path := range sources(t) {
		rel := strings.TrimPrefix(filepath.ToSlash(path), moduleRoot+"/")
		if strings.HasPrefix(rel, "examples/") || strings.HasPrefix(filepath.Base(rel), "example") {
			compiled = append(compiled, withoutIndent(read(t, path)))
		}
	}
	for _, document := range documents(t) {
		for _, block := range goBlock.FindAllStringSubmatch(read(t, document), -1) {
			snippet := withoutIndent(block[1])
			found := false
			for _, text := range compiled {
				found = found || strings.Contains(text, snippet)
			}
			if !found {
				t.Errorf("%s has Go code that stands in no example:\n%s", document, block[1])
			}
		}
	}
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// withoutIndent leaves of a text what its code says: no indentation, no empty
// lines.
func withoutIndent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// TestLinksLeadSomewhere follows the links from document to file.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, document := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, document), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), target)); err != nil {
				t.Errorf("%s links to %s: %v", document, m[1], err)
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestMakeTargetsInDocumentsAreThere holds `make …` in the documents to the Makefile.
func TestMakeTargetsInDocumentsAreThere(t *testing.T) {
	makefile := read(t, moduleRoot+"/Makefile")
	for _, document := range documents(t) {
		for _, m := range makeCommand.FindAllStringSubmatch(read(t, document), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s says make %s, which the Makefile does not have", document, m[1])
			}
		}
	}
}

var makeCommand = regexp.MustCompile("(?m)(?:`|^)make ([a-z][a-z-]*)")

// documents are the texts for people.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(moduleRoot + "/" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// sources are the Go files of the module.
func sources(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(moduleRoot, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && name != "..") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".go" {
			all = append(all, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
