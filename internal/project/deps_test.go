package project_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	modulePath = "github.com/streamgate/streamgate"
	moduleRoot = "../.."
)

var updateDeps = flag.Bool("update", false, "write deps.txt anew instead of comparing with it")

const depsFile = moduleRoot + "/deps.txt"

// testsOnly is the section of deps.txt for modules that no importer gets.
const testsOnly = "(tests only)"

const depsHeader = `# The modules of others that each package links, directly or not, on linux/amd64.
# A package that is not here needs the standard library alone. Versions: go.mod.
# After a change that is meant: make deps-update
`

// listedPackage is what go list tells of a package.
type listedPackage struct {
	ImportPath string
	Standard   bool
	Module     *struct {
		Path string
		Main bool
	}
	Imports []string // direct
	Deps    []string // all of them
}

// TestDependenciesAreThoseInDepsTxt makes a new dependency a line in a diff.
func TestDependenciesAreThoseInDepsTxt(t *testing.T) {
	got := dependencies(t)
	if *updateDeps {
		if err := os.WriteFile(depsFile, []byte(formatDeps(got)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(depsFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parseDeps(string(text)), got); diff != "" {
		t.Errorf("the packages link other modules than deps.txt says (-deps.txt +linked):\n%s\n"+
			"If that is meant: make deps-update, and commit deps.txt with the reason.", diff)
	}
}

// dependencies maps each package to the modules that it links, sorted.
func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	pkgs := goList(t)
	deps := make(map[string][]string)
	linked := make(map[string]bool)
	for _, p := range pkgs {
		if p.Module == nil || !p.Module.Main {
			continue
		}
		if mods := modulesOf(p, pkgs); len(mods) > 0 {
			deps[shortPath(p.ImportPath)] = mods
		}
		for _, m := range deps[shortPath(p.ImportPath)] {
			linked[m] = true
		}
	}
	inTests := make(map[string]bool)
	for _, p := range goList(t, "-test") {
		if p.Module != nil && !p.Module.Main && !linked[p.Module.Path] {
			inTests[p.Module.Path] = true
		}
	}
	if len(inTests) > 0 {
		deps[testsOnly] = slices.Sorted(maps.Keys(inTests))
	}
	return deps
}

func modulesOf(p listedPackage, all map[string]listedPackage) []string {
	mods := make(map[string]bool)
	for _, dep := range p.Deps {
		if m := all[dep].Module; m != nil && !m.Main {
			mods[m.Path] = true
		}
	}
	return slices.Sorted(maps.Keys(mods))
}

// goList asks for every package of the module and all that they link, on one
// platform, so that the answer is the same everywhere.
func goList(t *testing.T, flags ...string) map[string]listedPackage {
	t.Helper()
	args := append([]string{"list", "-deps", "-json=ImportPath,Standard,Module,Imports,Deps"}, flags...)
	cmd := exec.CommandContext(t.Context(), "go", append(args, "./...")...)
	cmd.Dir = moduleRoot
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	pkgs := make(map[string]listedPackage)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		pkgs[p.ImportPath] = p
	}
}

// others marks the packages of other modules and of the standard library.
const others = "others:"

// shortPath is an import path as seen from the module's root, which is ".".
func shortPath(importPath string) string {
	if importPath == modulePath {
		return "."
	}
	if short, ok := strings.CutPrefix(importPath, modulePath+"/"); ok {
		return short
	}
	return others + importPath
}

// formatDeps writes a line for each package and an indented one for each module.
func formatDeps(deps map[string][]string) string {
	var b strings.Builder
	b.WriteString(depsHeader)
	for _, pkg := range slices.Sorted(maps.Keys(deps)) {
		fmt.Fprintf(&b, "\n%s\n", pkg)
		for _, mod := range deps[pkg] {
			fmt.Fprintf(&b, "\t%s\n", mod)
		}
	}
	return b.String()
}

func parseDeps(text string) map[string][]string {
	deps := make(map[string][]string)
	pkg := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "\t"):
			deps[pkg] = append(deps[pkg], line[1:])
		default:
			pkg = line
		}
	}
	return deps
}

func TestDependenciesFormatReadsBack(t *testing.T) {
	want := map[string][]string{".": {"example.com/a", "example.com/b"}, "hls": {"example.com/a"}, testsOnly: {"example.com/c"}}
	if diff := cmp.Diff(want, parseDeps(formatDeps(want))); diff != "" {
		t.Error(diff)
	}
}
