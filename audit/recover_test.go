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
