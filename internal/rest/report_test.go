package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReport(t *testing.T) {
	const (
		short = `{"Action":"attr","Package":"a","Test":"TestMany/some","Key":"short","Value":"every third"}`
		ended = `{"Action":"output","Package":"a","Output":"ok  \ta\t0.1s\n"}
{"Action":"pass","Package":"a"}`
	)
	tests := []struct{ name, events, says, rest string }{
		{"nothing is left", `
{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestOne"}
{"Action":"output","Package":"a","Test":"TestOne","Output":"    one_test.go:3: hello\n"}
{"Action":"pass","Package":"a","Test":"TestOne"}
{"Action":"output","Package":"a","Output":"PASS\n"}
` + ended, "ok  \ta\t0.1s\n", ""},
		{"what is skipped is left, and what has part of it skipped", `
{"Action":"skip","Package":"a","Test":"TestLong"}
{"Action":"skip","Package":"a","Test":"TestTable/long"}
{"Action":"pass","Package":"a","Test":"TestTable/brief"}
{"Action":"pass","Package":"a","Test":"TestTable"}
` + ended, "ok  \ta\t0.1s\n", "-run=^(TestLong|TestTable)$ a\n"},
		{"what says that it did some is left", short + "\n" + ended, "ok  \ta\t0.1s\n", "-run=^(TestMany)$ a\n"},
		{"another attribute says nothing", strings.Replace(short, `"short"`, `"issue"`, 1) + "\n" + ended, "ok  \ta\t0.1s\n", ""},
		{"of several packages the one with most left is first", `
{"Action":"skip","Package":"b","Test":"TestX"}
{"Action":"skip","Package":"c","Test":"TestX"}
{"Action":"skip","Package":"c","Test":"TestY"}
{"Action":"pass","Package":"d","Test":"TestZ"}`, "", "-run=^(TestX|TestY)$ c b\n"},
		{"what fails says what it has said, and those that pass beside it do not", `
{"Action":"output","Package":"a","Test":"TestOne","Output":"one\n"}
{"Action":"output","Package":"a","Test":"TestTwo","Output":"two\n"}
{"Action":"output","Package":"a","Test":"TestTwo/sub","Output":"sub\n"}
{"Action":"pass","Package":"a","Test":"TestOne"}
{"Action":"fail","Package":"a","Test":"TestTwo/sub"}
{"Action":"fail","Package":"a","Test":"TestTwo"}
{"Action":"output","Package":"a","Output":"FAIL\ta\t0.1s\n"}
{"Action":"fail","Package":"a"}`, "two\nsub\nFAIL\ta\t0.1s\n", ""},
		{"what never came to its end says what it has said", `
{"Action":"output","Package":"a","Test":"TestOne","Output":"panic: deep\n"}
{"Action":"fail","Package":"a"}`, "panic: deep\n", ""},
		{"what does not compile says so", `{"ImportPath":"a","Action":"build-output","Output":"a.go:1: no\n"}`, "a.go:1: no\n", ""},
		{"a line that is no event passes", "written past it\n{}\n", "written past it\n{}\n", ""},
		{"a package without tests is told of", `
{"Action":"output","Package":"a","Output":"?   \ta\t[no test files]\n"}
{"Action":"skip","Package":"a"}`, "?   \ta\t[no test files]\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var said strings.Builder
			r := report{to: &said}
			if err := r.read(strings.NewReader(strings.TrimPrefix(tt.events, "\n"))); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.says, tt.rest}, []string{said.String(), r.rest()}); diff != "" {
				t.Errorf("what it says, and the rest (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunHasTheExitCodeOfTheCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rest")
	for script, want := range map[string]int{
		`echo '{"Action":"skip","Package":"a","Test":"TestX"}'`: 0,
		`exit 3`: 3,
	} {
		if code, err := run(file, []string{"sh", "-c", script}); code != want || err != nil {
			t.Errorf("%s: exit code %d, %v; want %d", script, code, err, want)
		}
		left, err := os.ReadFile(file)
		if err != nil || (len(left) > 0) != (want == 0) {
			t.Errorf("%s: %q is left, %v", script, left, err)
		}
	}
	if code, err := run(file, []string{filepath.Join(t.TempDir(), "nothing")}); code == 0 || err == nil {
		t.Error("a command that is not there did well")
	}
}
