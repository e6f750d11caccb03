package peers

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// maxSize is what both servers take at most.
const maxSize = 1 << 20

// A row is a sequence of requests. Both servers get it, and what they answer is
// compared, step by step.
type row struct {
	name  string
	steps []step
}

// A step is one request and what is kept of its answer.
type step struct {
	method string
	// to is what the request is sent to: "" for where uploads are created, "/"
	// and more for a path below it, a name for the upload that an earlier step
	// created under that name.
	to     string
	header string // "Name: value" lines; a value may name an upload as {url of name} or {path of name}
	body   string
	length int    // of the body where that is more than its text: zeros follow
	stream bool   // send the body in chunks, without its length
	as     string // what later steps call the upload that this one creates; "" is "it"
}

// An answer is what of an answer the protocol speaks of.
type answer map[string]string

// compared are the headers of an answer that are looked at.
var compared = []string{
	"Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm",
	"Upload-Offset", "Upload-Length", "Upload-Defer-Length", "Upload-Concat", "Upload-Metadata", "Upload-Expires",
	"Location", "Cache-Control",
}

// A difference is one that was found.
type difference struct {
	row        string
	step       int    // from 1 on
	what       string // "status", or a header
	ours, tusd string
	status     string // of ours
}

func (d difference) String() string {
	return fmt.Sprintf("{%q, %d, %q, %q, %q, %q}", d.row, d.step, d.what, d.ours, d.tusd, d.status)
}

// TestAnswersDifferOnlyWhereThatIsMeant plays every row against both servers.
// It fails for a difference that is not in the list and for one of the list that
// was not found.
func TestAnswersDifferOnlyWhereThatIsMeant(t *testing.T) {
	ours, theirs := serve(t, "gate"), serve(t, "tusd-memory")
	var found []difference
	played := map[string]bool{anyRow: true}
	for _, r := range rows() {
		played[r.name] = true
		found = append(found, play(t, r, ours, theirs)...)
	}
	meant := slices.Concat(meant, meantOfParts, meantOfOverride)
	met := make([]bool, len(meant))
	for _, d := range found {
		i := slices.IndexFunc(meant, func(m intended) bool { return m.covers(d) })
		if i < 0 {
			t.Errorf("a difference that nobody meant:\n\t%s", d)
			continue
		}
		met[i] = true
	}
	for i, m := range meant {
		if !met[i] && played[m.row] {
			t.Errorf("this difference is listed and is not there any more:\n\t%s", m.difference)
		}
	}
}

// TestTheListNamesRows wants every row to have a name of its own, and every
// difference of the list to be of a row.
func TestTheListNamesRows(t *testing.T) {
	names := map[string]bool{anyRow: true}
	for _, r := range rows() {
		if names[r.name] {
			t.Errorf("two rows are called %q", r.name)
		}
		names[r.name] = true
	}
	for _, m := range slices.Concat(meant, meantOfParts, meantOfOverride) {
		if !names[m.row] || m.why == "" {
			t.Errorf("a difference is listed without its reason, or of a row that is not there: %s", m.difference)
		}
	}
}

// A player is one side of a row: a server, and the uploads that it has created.
type player struct {
	root    string
	uploads map[string]string
}

// serve runs a contestant in this process and returns where it takes uploads.
func serve(t *testing.T, name string) string {
	t.Helper()
	c, err := contestants[name](t.TempDir(), maxSize)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(c.handler)
	t.Cleanup(func() { s.Close(); c.close() })
	return s.URL + base
}

// play sends the requests of a row to both servers, and returns where they
// answer differently. It ends where only one of them has the upload that is asked
// for.
func play(t *testing.T, r row, ours, theirs string) (found []difference) {
	t.Helper()
	a, b := &player{ours, make(map[string]string)}, &player{theirs, make(map[string]string)}
	for i, s := range r.steps {
		if (a.uploads[s.to] == "") != (b.uploads[s.to] == "") {
			break
		}
		found = append(found, differences(r.name, i+1, a.send(t, s), b.send(t, s))...)
	}
	return found
}

// differences returns where two answers differ. Where only one of them is a
// success, what their headers say cannot be compared.
func differences(name string, step int, ours, theirs answer) (found []difference) {
	status := ours["status"]
	if status != theirs["status"] {
		found = append(found, difference{name, step, "status", status, theirs["status"], status})
		if status[0] != theirs["status"][0] || status[0] != '2' {
			return found
		}
	}
	for _, what := range compared {
		if a, b := ours[what], theirs[what]; a != b {
			found = append(found, difference{name, step, what, a, b, status})
		}
	}
	return found
}

var oracle = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// send sends one request, and remembers the upload that it created.
func (p *player) send(t *testing.T, s step) answer {
	t.Helper()
	res, err := oracle.Do(p.request(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode == http.StatusInternalServerError {
		t.Errorf("%s is at its end with %v", p.root, s)
	}
	if at, err := res.Location(); err == nil {
		p.uploads[cmp.Or(s.as, "it")] = at.String()
	}
	return p.read(res)
}

func (p *player) request(t *testing.T, s step) *http.Request {
	t.Helper()
	at := p.root
	switch {
	case strings.HasPrefix(s.to, "/"):
		at += s.to
	case s.to != "":
		at = p.uploads[s.to]
		if at == "" {
			at = p.root + "/aaaaaaaaaaaaaaaaaaaaaaaaaa"
		}
	}
	body := s.body + strings.Repeat("\x00", max(0, s.length-len(s.body)))
	req, err := http.NewRequestWithContext(t.Context(), s.method, at, io.MultiReader(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = int64(len(body))
	if body == "" {
		req.Body = http.NoBody
	}
	if s.stream {
		req.ContentLength = -1
	}
	for line := range strings.Lines(s.header) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		req.Header.Add(strings.TrimSpace(name), p.fill(value))
	}
	return req
}

// fill puts the uploads' addresses into a header.
func (p *player) fill(value string) string {
	for name, at := range p.uploads {
		_, path, _ := strings.Cut(strings.TrimPrefix(at, "http://"), "/")
		value = strings.NewReplacer("{url of "+name+"}", at, "{path of "+name+"}", "/"+path).Replace(value)
	}
	return value
}

// read keeps of an answer what can be compared: a Location is said to be there,
// or names an upload, an expiry is said to be there, lists are put into order.
func (p *player) read(res *http.Response) answer {
	a := answer{"status": fmt.Sprint(res.StatusCode)}
	for _, name := range compared {
		if v := strings.Join(res.Header.Values(name), ", "); v != "" {
			a[name] = v
		}
	}
	if a["Location"] != "" {
		a["Location"] = "an upload"
	}
	if a["Upload-Expires"] != "" {
		a["Upload-Expires"] = "a date"
	}
	for _, list := range []string{"Tus-Extension", "Upload-Metadata"} {
		a[list] = ordered(a[list])
	}
	for name, at := range p.uploads {
		_, path, _ := strings.Cut(strings.TrimPrefix(at, "http://"), "/")
		a["Upload-Concat"] = strings.NewReplacer(at, "{"+name+"}", "/"+path, "{"+name+"}").Replace(a["Upload-Concat"])
	}
	return a
}

func ordered(list string) string {
	parts := strings.Split(list, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}
