package audit

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOpenFileAfterACrash has a log of the events a1 and a2, something behind
// them, and a writer that goes on with b1.
func TestOpenFileAfterACrash(t *testing.T) {
	whole := []string{"a1", "a2", "b1"}
	cut := []string{"a1", "a2", "audit.recovered", "b1"}
	for name, tt := range map[string]struct {
		tail string
		want []string
		torn bool
	}{
		"nothing":                     {"", whole, false},
		"half a line":                 {`{"seq":3,"time":`, cut, true},
		"a line without its seal":     {`{"seq":3,"action":"x"}` + "\n", cut, true},
		"half a seal":                 {`{"seq":3,"action":"x"}` + "\n" + `{"seal":3,"v":1,`, cut, true},
		"a length without a content":  {strings.Repeat("\x00", 5000), cut, true},
		"zeros within, and a new end": {strings.Repeat("\x00", 300) + `ction":"x"}` + "\n" + `{"seal":3,"v":1,"x` + "\"}\n", cut, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f := open(t, dir, FileOptions{})
			write(t, f, "a", 2)
			must(t, f.Close())
			end := int64(len(read(t, path(dir, 1))))
			add(t, path(dir, 1), tt.tail)

			r, err := verifyDir(t, dir, nil)
			must(t, err)
			if torn := r.Torn; (torn != nil) != tt.torn || torn != nil && (torn.Line != 5 || torn.Bytes != int64(len(tt.tail)) || r.Bytes != end) {
				t.Errorf("before: %+v, %+v", r, torn)
			}
			f = open(t, dir, FileOptions{})
			write(t, f, "b", 1)
			must(t, f.Close())
			if diff := cmp.Diff(tt.want, actions(t, dir)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if r, err = verifyDir(t, dir, nil); err != nil || r.Torn != nil {
				t.Errorf("after: %+v, %v", r, err)
			}
		})
	}
}

func add(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = f.WriteString(text)
	must(t, err)
	must(t, f.Close())
}

func TestOpenFileDoesNotContinueWhatWasTamperedWith(t *testing.T) {
	for name, change := range map[string]func([]byte) []byte{
		"a changed line":      func(b []byte) []byte { return bytes.Replace(b, []byte("a2"), []byte("x2"), 1) },
		"a changed last line": func(b []byte) []byte { return bytes.Replace(b, []byte("a3"), []byte("x3"), 1) },
		"zeros in what was acknowledged": func(b []byte) []byte {
			return bytes.Replace(b, []byte("a2"), []byte("\x00\x00"), 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f := open(t, dir, FileOptions{})
			write(t, f, "a", 3)
			must(t, f.Close())
			changed := change(read(t, path(dir, 1)))
			must(t, os.WriteFile(path(dir, 1), changed, 0o600))
			_, err := OpenFile(dir, testKey, nil)
			if bad, ok := errors.AsType[*TamperedError](err); !ok || bad.File != fileName(1) {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(changed, read(t, path(dir, 1))); diff != "" {
				t.Errorf("it was written to: %s", diff)
			}
		})
	}
}

// TestAFileWithoutASealWasNeverThere is a crash right after a rotation.
func TestAFileWithoutASealWasNeverThere(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "torn": `{"seq":3`, "zeros": strings.Repeat("\x00", 99)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f := open(t, dir, FileOptions{})
			write(t, f, "a", 2)
			must(t, f.Close())
			must(t, os.WriteFile(path(dir, 2), []byte(content), 0o600))
			f = open(t, dir, FileOptions{})
			write(t, f, "b", 1)
			must(t, f.Close())
			if _, err := verifyDir(t, dir, nil); err != nil {
				t.Error(err)
			}
			if got := actions(t, dir); got[len(got)-1] != "b1" {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestOpenFileAsksForTheCheckpoint has files of the events a1 to a3 and, after a
// rotation, b1 to b3.
func TestOpenFileAsksForTheCheckpoint(t *testing.T) {
	var points []Checkpoint
	made := func(t *testing.T) string {
		points = nil
		dir := t.TempDir()
		f := open(t, dir, FileOptions{})
		write(t, f, "a", 3)
		must(t, f.Rotate(t.Context()))
		write(t, f, "b", 3)
		must(t, f.Close())
		files, err := Files(dir)
		must(t, err)
		for _, name := range files {
			for l := range strings.Lines(string(read(t, name))) {
				if isSeal([]byte(l)) {
					c, err := ParseCheckpoint(l, testKeys...)
					must(t, err)
					points = append(points, c)
				}
			}
		}
		return dir
	}
	for name, tt := range map[string]struct {
		after  int
		change func(t *testing.T, dir string)
		want   string
	}{
		"the newest":           {6, func(*testing.T, string) {}, ""},
		"one of the file":      {4, func(*testing.T, string) {}, ""},
		"one of another file":  {1, func(*testing.T, string) {}, ""},
		"an end that is cut":   {6, func(t *testing.T, dir string) { must(t, os.Truncate(path(dir, 2), half(t, path(dir, 2)))) }, "cut off"},
		"a file that is gone":  {6, func(t *testing.T, dir string) { must(t, os.Remove(path(dir, 2))) }, "cut off"},
		"a file that is empty": {6, func(t *testing.T, dir string) { must(t, os.Truncate(path(dir, 2), 0)) }, "cut off"},
		"nothing is left": {1, func(t *testing.T, dir string) {
			must(t, os.Remove(path(dir, 1)))
			must(t, os.Remove(path(dir, 2)))
		}, "nothing is"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := made(t)
			tt.change(t, dir)
			before, err := Files(dir)
			must(t, err)
			f, err := OpenFile(dir, testKey, quiet(FileOptions{After: points[tt.after]}))
			if err == nil {
				must(t, f.Close())
			}
			bad, ok := errors.AsType[*TamperedError](err)
			after, listErr := Files(dir)
			must(t, listErr)
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("files -before +after:\n%s", diff)
			}
			if ok != (tt.want != "") || ok && !strings.Contains(bad.What, tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// half is where a file ends that has lost its second half.
func half(t *testing.T, name string) int64 { return int64(len(read(t, name)) / 2) }
