package transcode_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/transcode"
)

var update = flag.Bool("update", false, "write testdata/corpus.txt anew instead of comparing with it")

// plansOfCorpus says of each file that is work for a transcoder what is to be done.
const plansOfCorpus = "testdata/corpus.txt"

// corpus is where the media corpus is, which is no part of the project.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("STREAMGATE_CORPUS")
	named := dir != ""
	if !named {
		dir = filepath.Join("..", "..", "shared", "media")
	}
	if _, err := os.Stat(dir); err != nil {
		if named {
			t.Fatalf("STREAMGATE_CORPUS does not name the media corpus: %v", err)
		}
		t.Skipf("the media corpus is not there (%v); STREAMGATE_CORPUS names its folder", err)
	}
	return dir
}

// transcodable are the names of the corpus that are work for a transcoder.
func transcodable(t *testing.T, dir string) (names []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "manifest.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if columns := strings.Split(lines.Text(), "\t"); columns[len(columns)-1] == "transcode" {
			names = append(names, columns[0])
		}
	}
	return names
}

// TestPlansOfTheCorpus probes every file that is work for a transcoder, and compares
// what is to be done with what was decided to be right.
func TestPlansOfTheCorpus(t *testing.T) {
	dir := corpus(t)
	r := runner(t)
	var b strings.Builder
	for _, name := range transcodable(t, dir) {
		said := ""
		f, err := r.Probe(t.Context(), input(t, filepath.Join(dir, name)))
		if err == nil {
			var p transcode.Plan
			p, err = transcode.Ladder(transcode.SourceOf(f, false), transcode.DefaultProfile())
			said = summary(&p)
		}
		if err != nil {
			said = "refused: " + strings.SplitN(err.Error(), "\n", 2)[0]
		}
		fmt.Fprintf(&b, "%s: %s\n", name, said)
	}
	if *update {
		if err := os.WriteFile(plansOfCorpus, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(plansOfCorpus)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("plans (-%s +now):\n%s", plansOfCorpus, diff)
	}
}
