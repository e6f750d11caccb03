package project_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// documentedProblem is a row of docs/errors.md: | `slug` | status | title | … |
var documentedProblem = regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| ([0-9]{3}) \\| ([^|]+) \\| [^|]+ \\|$")

// TestProblemsAreDocumented holds docs/errors.md to the kinds in the code: a
// client may rely on every row, and meets no other.
func TestProblemsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(moduleRoot + "/docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]bool)
	for _, m := range documentedProblem.FindAllStringSubmatch(string(text), -1) {
		documented[fmt.Sprintf("| `%s` | %s | %s |", m[1], m[2], strings.TrimSpace(m[3]))] = true
	}
	declared := declaredProblems(t)
	for _, row := range slices.Sorted(maps.Keys(declared)) {
		if !documented[row] {
			t.Errorf("%s declares a problem that docs/errors.md does not have: add a row that begins with\n%s", declared[row], row)
		}
	}
	for _, row := range slices.Sorted(maps.Keys(documented)) {
		if declared[row] == "" {
			t.Errorf("docs/errors.md has a row that no code declares: %s", row)
		}
	}
}

// declaredProblems finds every call of NewKind, as the row that it asks for and
// where it is.
func declaredProblems(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	fset := token.NewFileSet()
	for _, path := range sources(t) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for n := range ast.Preorder(file) {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 3 || lastName(call.Fun) != "NewKind" {
				continue
			}
			row := fmt.Sprintf("| `%s` | %d | %s |", literal(t, call.Args[1]), status(t, call.Args[0]), literal(t, call.Args[2]))
			found[row] = fset.Position(call.Pos()).String()
		}
	}
	if len(found) == 0 {
		t.Fatal("no kinds found: has NewKind another name now?")
	}
	return found
}

// lastName is the name in a or pkg.a.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func literal(t *testing.T, e ast.Expr) string {
	t.Helper()
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		t.Fatalf("NewKind takes literals, so that they are found: %T", e)
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// status evaluates a number or a constant such as http.StatusNotFound.
func status(t *testing.T, e ast.Expr) int {
	t.Helper()
	if lit, ok := e.(*ast.BasicLit); ok {
		n, err := strconv.Atoi(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for code := 100; code < 600; code++ {
		if "Status"+lettersOnly.ReplaceAllString(http.StatusText(code), "") == lastName(e) {
			return code
		}
	}
	t.Fatalf("no status is called %s", lastName(e))
	return 0
}

var lettersOnly = regexp.MustCompile(`[^A-Za-z]`)
