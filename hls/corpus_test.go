package hls_test

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/playcheck"
	"github.com/streamgate/streamgate/internal/testclip"
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
	only        string // begins the only problem that it may have
}

// corpus finds the media folder, as testclip.Corpus does, and reads its manifest.
func corpus(t *testing.T) (dir string, films []film) {
	t.Helper()
	dir = testclip.Corpus(t)
	manifest, err := os.Open(filepath.Join(dir, "manifest.tsv"))
	if err != nil {
		t.Fatal(err)
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
		f := film{name: row[0], class: row[class], exception: exceptions[row[0]]}
		if class, ok := reclassed[f.name]; ok {
			f.class = class
		}
		films = append(films, f)
	}
	return dir, films
}

// TestCorpus plays every file of the corpus beside itself: see package
// playcheck for what has to be equal. What can be settled plays once more from
// the settled file. With -short it takes every twelfth file.
func TestCorpus(t *testing.T) {
	playcheck.Require(t)
	dir, films := corpus(t)
	server := serve(t, dir)
	var table table
	t.Run("files", func(t *testing.T) {
		for i, f := range films {
			if spared(i, 1, 12) {
				continue
			}
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				table.add(examine(t, server, dir, f))
				settles(t, dir, f.name, false)
			})
		}
	})
	t.Log(table.String())
	if played, of := table.count(classHLS); of > 0 && 100*float64(played)/float64(of) < mustPlay {
		t.Errorf("%d of %d files of class hls play, that is less than %.1f %%", played, of, mustPlay)
	}
}

// spared reports whether the file of that number is left out, where one in so many
// is taken as a rule, and with -short; none is where STREAMGATE_CORPUS_ALL is set.
func spared(i, usual, short int) bool {
	switch {
	case os.Getenv("STREAMGATE_CORPUS_ALL") != "":
		return false
	case testing.Short():
		return i%short != 0
	}
	return i%usual != 0
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
