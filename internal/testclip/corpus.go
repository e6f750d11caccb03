package testclip

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// corpusEnv names the folder of the media corpus, in full or from the module.
const corpusEnv = "STREAMGATE_CORPUS"

// Corpus is the folder of the media corpus, which is no part of the project. Where it is
// not there the test is skipped; it fails where STREAMGATE_CORPUS says that it is.
func Corpus(t testing.TB) string {
	t.Helper()
	dir := corpus()
	_, err := os.Stat(dir)
	switch {
	case err != nil && os.Getenv(corpusEnv) != "":
		t.Fatalf("STREAMGATE_CORPUS does not name the media corpus: %v", err)
	case err != nil:
		t.Skipf("the media corpus is not there (%v); STREAMGATE_CORPUS names its folder", err)
	}
	return dir
}

func corpus() string {
	_, here, _, _ := runtime.Caller(0)
	module := filepath.Join(filepath.Dir(here), "..", "..")
	dir := os.Getenv(corpusEnv)
	switch {
	case dir == "":
		return filepath.Join(module, "..", "shared", "media")
	case !filepath.IsAbs(dir):
		return filepath.Join(module, dir)
	}
	return dir
}

// Transcodable are the names of those files of the corpus that are work for a transcoder,
// as its manifest says.
func Transcodable(t testing.TB) (names []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(Corpus(t), "manifest.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if columns := strings.Split(lines.Text(), "\t"); columns[len(columns)-1] == "transcode" {
			names = append(names, columns[0])
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}
