package project_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestWhatIsLeftOutUnderShortSaysSo holds each question for -short to what internal/rest
// relies on: where the answer is yes, the test is skipped, or says by an attribute called
// short that it does less.
func TestWhatIsLeftOutUnderShortSaysSo(t *testing.T) {
	asked := 0
	for _, path := range sources(t) {
		if !strings.HasSuffix(path, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		said := map[token.Pos]bool{} // of the questions
		ast.Inspect(file, func(n ast.Node) bool {
			if branch, ok := n.(*ast.IfStmt); ok && says(branch.Body) {
				for _, at := range questions(branch.Cond) {
					said[at] = true
				}
			}
			return true
		})
		for _, at := range questions(file) {
			asked++
			if !said[at] {
				t.Errorf("%s: under -short less is done, and neither t.Skip nor t.Attr(\"short\", …) says so", files.Position(at))
			}
		}
	}
	if asked == 0 {
		t.Error("nobody asks for -short")
	}
}

// questions are the places of testing.Short() below a node.
func questions(n ast.Node) (all []token.Pos) {
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && isCall(call, "Short") {
			all = append(all, call.Pos())
		}
		return true
	})
	return all
}

func says(body *ast.BlockStmt) (yes bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if isCall(call, "Attr") && len(call.Args) == 2 {
			key, ok := call.Args[0].(*ast.BasicLit)
			yes = yes || ok && key.Value == `"short"`
		}
		yes = yes || isCall(call, "Skip") || isCall(call, "Skipf")
		return true
	})
	return yes
}

// isCall reports whether a method, or a function of a package, of that name is called.
func isCall(call *ast.CallExpr, name string) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	return ok && s.Sel.Name == name
}
