package hls_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/streamgate/streamgate/internal/playcheck"
)

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
	if len(result.Problems) == 1 && r.only != "" && strings.HasPrefix(result.Problems[0], r.only) {
		r.notes = append(r.notes, result.Problems[0])
	} else if !result.Plays() {
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
