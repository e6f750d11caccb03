package transcode_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/transcode"
)

var update = flag.Bool("update", false, "write testdata/corpus_*.txt anew instead of comparing with them")

// What is to be done for each file that is work for a transcoder, and what plays then.
const (
	plansOfCorpus = "testdata/corpus_plans.txt"
	playsOfCorpus = "testdata/corpus_plays.txt"
)

// TestPlansOfTheCorpus probes every file that is work for a transcoder, and compares
// what is to be done with what was decided to be right.
func TestPlansOfTheCorpus(t *testing.T) {
	lengthy(t)
	dir := testclip.Corpus(t)
	r := runner(t)
	var b strings.Builder
	for _, name := range testclip.Transcodable(t) {
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
	compare(t, plansOfCorpus, b.String())
}

// TestTheCorpusPlays transcodes every file that is work for a transcoder, in the
// smallest rung, and wants it to play to its end, or to be refused with a reason that
// was decided to be right.
func TestTheCorpusPlays(t *testing.T) {
	if os.Getenv("STREAMGATE_CORPUS_ALL") == "" {
		t.Skip("a minute of encoding, and TestTheCorpusEnds plays them all: set STREAMGATE_CORPUS_ALL=1")
	}
	dir := testclip.Corpus(t)
	r := runner(t)
	profile := small(96)
	var b strings.Builder
	for _, name := range testclip.Transcodable(t) {
		path, err := transcodeFile(t.Context(), r, input(t, filepath.Join(dir, name)), profile, t.TempDir())
		said := ""
		if err == nil {
			said, err = tracks(t.Context(), path)
		}
		if err != nil {
			said = "refused: " + strings.SplitN(err.Error(), "\n", 2)[0]
		}
		fmt.Fprintf(&b, "%s: %s\n", name, said)
	}
	compare(t, playsOfCorpus, b.String())
}

// compare compares with a file, or writes it anew.
func compare(t *testing.T, name, now string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(now, "\n")); diff != "" {
		t.Errorf("plans (-%s +now):\n%s", name, diff)
	}
}
