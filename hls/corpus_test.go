package hls_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/playcheck"
)

// mustPlay is how many in a hundred of the corpus' files of class hls have to
// play. It is only ever raised.
const mustPlay = 100.0

// The classes of the corpus' manifest, and ours for files made by the test.
const (
	classHLS       = "hls"       // plays as it is
	classOdd       = "odd"       // the source itself is broken: an answer, no crash
	classTranscode = "transcode" // media that HLS cannot carry
	classReject    = "reject"    // no media that can be read
)

// film is one file of the corpus.
type film struct {
	name, class string
	exception   string // why it does not do what its class says; "" it has to
}

// corpus finds the media folder and reads its manifest.
func corpus(t *testing.T) (dir string, films []film) {
	t.Helper()
	dir = os.Getenv("STREAMGATE_CORPUS")
	if dir == "" {
		dir = filepath.Join(moduleRoot(t), "..", "shared", "media")
	}
	manifest, err := os.Open(filepath.Join(dir, "manifest.tsv"))
	if err != nil {
		playcheck.Missing(t, "the media corpus is not there (%v); STREAMGATE_CORPUS names its folder", err)
	}
	defer manifest.Close()
	r := csv.NewReader(manifest)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("reading the manifest: %v", err)
	}
	class := slices.Index(rows[0], "class")
	for _, row := range rows[1:] {
		films = append(films, film{name: row[0], class: row[class], exception: exceptions[row[0]]})
	}
	return dir, films
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// TestCorpus plays every file of the corpus beside itself: see package
// playcheck for what has to be equal. With -short it takes every fourth file.
func TestCorpus(t *testing.T) {
	playcheck.Require(t)
	dir, films := corpus(t)
	server := serve(t, dir)
	var table table
	t.Run("files", func(t *testing.T) {
		for i, f := range films {
			if testing.Short() && i%4 != 0 {
				continue
			}
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				table.add(examine(t, server, dir, f))
			})
		}
	})
	t.Log(table.String())
	if played, of := table.count(classHLS); of > 0 && 100*float64(played)/float64(of) < mustPlay {
		t.Errorf("%d of %d files of class hls play, that is less than %.1f %%", played, of, mustPlay)
	}
}

// serve is the folder as a player finds it.
func serve(t *testing.T, dir string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(hls.Dir(dir))
	t.Cleanup(server.Close)
	return server
}

// examine tries one file and holds what comes out against its class or the
// exception that is made for it.
func examine(t *testing.T, server *httptest.Server, dir string, f film) row {
	t.Helper()
	master := server.URL + "/" + url.PathEscape(f.name) + "/master.m3u8"
	got := ask(t, master)
	r := row{film: f, status: got.status}
	switch {
	case got.status == http.StatusOK && f.class == classReject:
		r.verdict, r.reason = "served", "there is nothing to compare it with"
	case got.status == http.StatusOK:
		r.judge(playcheck.Compare(t, filepath.Join(dir, f.name), master))
	case got.status >= 500:
		r.verdict, r.reason = "error", got.why
	default:
		r.verdict, r.reason = "refused", got.why
	}
	switch wrong := r.wrong(got); {
	case wrong != "" && f.exception == "":
		t.Errorf("%s (%s): %s", f.name, f.class, wrong)
	case wrong == "" && f.exception != "":
		t.Errorf("%s is an exception (%s) and does well: take it off the list", f.name, f.exception)
	case f.exception != "":
		r.notes = append(r.notes, "exception: "+f.exception)
	}
	return r
}

// answer is what a request for a multivariant playlist brought.
type answer struct {
	status  int
	why     string // detail of the problem
	problem string // its type
}

// ask fetches a multivariant playlist, and the problem where it is none.
func ask(t *testing.T, master string) answer {
	t.Helper()
	resp, err := http.Get(master) //nolint:noctx // the server is this test's own
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode}
	if a.status == http.StatusOK {
		return a
	}
	var p struct{ Type, Detail string }
	if err := json.Unmarshal(body, &p); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %s with no problem in it: %.200q", master, resp.Status, body)
	}
	a.why, a.problem = p.Detail, p.Type
	return a
}

// row is a line of the table.
type row struct {
	film
	status  int
	verdict string // plays, differs, served, refused or error
	reason  string
	result  playcheck.Result
	notes   []string
}

func (r *row) judge(result playcheck.Result) {
	r.result, r.notes, r.verdict = result, result.Notes, "plays"
	if !result.Plays() {
		r.verdict, r.reason = "differs", strings.Join(result.Problems, " | ")
	}
}

// wrong says how the outcome is not what the class wants, or "".
func (r *row) wrong(got answer) string {
	if r.verdict == "error" || r.verdict == "refused" && r.reason == "" {
		return fmt.Sprintf("answered %d %q", got.status, got.why)
	}
	switch r.class {
	case classHLS:
		if r.verdict != "plays" {
			return r.verdict + ": " + r.reason
		}
	case classTranscode:
		if got.status != http.StatusUnsupportedMediaType {
			return fmt.Sprintf("answered %d %q, not 415", got.status, got.why)
		}
	case classReject:
		if r.verdict != "refused" {
			return "not refused"
		}
	}
	return ""
}

// table collects rows from parallel tests.
type table struct {
	mu   sync.Mutex
	rows []row
}

func (t *table) add(r row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
}

func (t *table) count(class string) (played, of int) {
	for _, r := range t.rows {
		if r.class == class {
			if of++; r.verdict == "plays" {
				played++
			}
		}
	}
	return played, of
}

// String is the table, and a line of sums for each class.
func (t *table) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortFunc(t.rows, func(a, b row) int {
		return strings.Compare(a.class+a.verdict+a.name, b.class+b.verdict+b.name)
	})
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nfile\tclass\tverdict\tpackets\tframes\tpreroll\ttail\textra\tms\treason and notes")
	sums := map[string]map[string]int{}
	for _, r := range t.rows {
		var preroll, tail, extra []string
		for _, track := range r.result.Tracks {
			preroll, tail = append(preroll, fmt.Sprint(track.Preroll)), append(tail, fmt.Sprint(track.Tail))
			extra = append(extra, fmt.Sprint(track.ExtraFrames))
		}
		notes := strings.Join(append([]string{r.reason}, r.notes...), "; ")
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%d\t%.220s\n", r.name, r.class, r.verdict, r.result.Packets(), r.result.Frames(),
			strings.Join(preroll, "+"), strings.Join(tail, "+"), strings.Join(extra, "+"), r.result.Took.Milliseconds(), strings.Trim(notes, "; "))
		if sums[r.class] == nil {
			sums[r.class] = map[string]int{}
		}
		sums[r.class][r.verdict]++
		sums[r.class][""]++
	}
	w.Flush()
	for _, class := range []string{classHLS, classOdd, classTranscode, classReject} {
		if s := sums[class]; s != nil {
			fmt.Fprintf(&b, "%s: %d files, %d play (%.1f %%), %d differ, %d served, %d refused, %d errors\n", class, s[""], s["plays"],
				100*float64(s["plays"])/float64(s[""]), s["differs"], s["served"], s["refused"], s["error"])
		}
	}
	return b.String()
}
