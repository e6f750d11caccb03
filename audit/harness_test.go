package audit

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testKey is the same in every run.
var testKey = ed25519.NewKeyFromSeed([]byte("a seed for tests, thirty-two byt"))

var testKeys = []ed25519.PublicKey{testKey.Public().(ed25519.PublicKey)}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func quiet(o FileOptions) *FileOptions {
	o.Logger = slog.New(slog.DiscardHandler)
	return &o
}

// open opens the log in dir for the length of the test.
func open(t testing.TB, dir string, o FileOptions) *File {
	t.Helper()
	f, err := OpenFile(dir, testKey, quiet(o))
	must(t, err)
	t.Cleanup(func() { _ = f.Close() }) // most tests close it before
	return f
}

// line is an event as a sink gets it.
func line(action string) []byte {
	e := Event{Action: action}
	return append(e.AppendJSON(nil), '\n')
}

// write appends events, which are durable then, with the actions
// prefix1, prefix2 and so on.
func write(t testing.TB, f *File, prefix string, n int) {
	t.Helper()
	for i := range n {
		must(t, f.Append(context.Background(), nil, line(fmt.Sprint(prefix, i+1))))
	}
}

// verifyDir verifies all files of a directory.
func verifyDir(t testing.TB, dir string, o *VerifyOptions) (*Report, error) {
	t.Helper()
	files, err := Files(dir)
	must(t, err)
	return Verify(context.Background(), testKeys, files, o)
}

// actions are those of the events in the directory, in order.
func actions(t testing.TB, dir string) []string {
	t.Helper()
	files, err := Files(dir)
	must(t, err)
	found := []string{}
	for _, name := range files {
		f, err := os.Open(name)
		must(t, err)
		b, err := io.ReadAll(f)
		must(t, err)
		must(t, f.Close())
		found = append(found, actionsOf(t, b)...)
	}
	return found
}

func actionsOf(t testing.TB, content []byte) []string {
	t.Helper()
	var found []string
	for len(content) > 0 {
		var l []byte
		l, content = cutLine(content)
		if isSeal(l) {
			continue
		}
		e, err := ParseEntry(l)
		must(t, err)
		found = append(found, e.Action)
	}
	return found
}

func cutLine(content []byte) (line, rest []byte) {
	for i, c := range content {
		if c == '\n' {
			return content[:i+1], content[i+1:]
		}
	}
	return content, nil
}

func path(dir string, number uint64) string { return filepath.Join(dir, fileName(number)) }

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	return b
}

func hashOf(b []byte) sum { return sha256.Sum256(b) }
