package audit

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the log in testdata anew")

// TestALogOfVersion1Verifies holds the code to what it once wrote: a log is kept
// for years. The key is testKey.
func TestALogOfVersion1Verifies(t *testing.T) {
	dir := filepath.Join("testdata", "v1")
	if *update {
		must(t, os.RemoveAll(dir))
		must(t, os.MkdirAll(dir, 0o750))
		for i, content := range contents(chain(t, FileOptions{MaxSize: 1500}, 3, 1, 2, 4)) {
			must(t, os.WriteFile(path(dir, uint64(i+1)), content, 0o600))
		}
	}
	r, err := verifyDir(t, dir, nil)
	must(t, err)
	if r.Events != 10 || r.Seals != 4 || r.Last.File != 2 || r.Torn != nil {
		t.Errorf("%+v", r)
	}
	want := []string{"event.1", "event.2", "event.3", "event.4", "event.5", "event.6", "event.7", "event.8", "event.9", "event.10"}
	if diff := cmp.Diff(want, actions(t, dir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
