package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
)

// history is a log in several files: minute after minute, ada and bob by turns
// do a, b and c by turns, 40 events.
func history(t *testing.T) (*File, time.Time) {
	t.Helper()
	m := newMemFS()
	var begin time.Time
	synctest.Test(t, func(t *testing.T) {
		f, err := openMem(t, m, FileOptions{MaxSize: 3000})
		must(t, err)
		l := newLog(t, Refuse, f)
		begin = time.Now()
		for i := range 40 {
			must(t, l.Record(t.Context(), Event{
				Actor: []string{"ada", "bob"}[i%2], Action: []string{"a", "b", "c"}[i%3], Resource: fmt.Sprint("asset/", i+1), Outcome: Success,
			}))
			time.Sleep(time.Minute)
		}
		must(t, f.Close())
	})
	f, err := openMem(t, m, FileOptions{})
	must(t, err)
	return f, begin
}

func seqs(p *Page) []uint64 {
	var all []uint64
	for _, e := range p.Entries {
		all = append(all, e.Seq)
	}
	return all
}

func TestSearch(t *testing.T) {
	f, begin := history(t)
	for name, tt := range map[string]struct {
		q    Query
		want []uint64
		next uint64
	}{
		"the newest first":                {Query{Limit: 3}, []uint64{40, 39, 38}, 38},
		"the next page":                   {Query{Limit: 3, Before: 38}, []uint64{37, 36, 35}, 35},
		"the last page":                   {Query{Limit: 3, Before: 4}, []uint64{3, 2, 1}, 0},
		"before the first":                {Query{Before: 1}, nil, 0},
		"by actor":                        {Query{Actor: "bob", Limit: 2}, []uint64{40, 38}, 38},
		"by actor and action":             {Query{Actor: "bob", Action: "a", Limit: 2}, []uint64{40, 34}, 34},
		"by resource":                     {Query{Resource: "asset/7"}, []uint64{7}, 0},
		"by outcome":                      {Query{Outcome: Refused}, nil, 0},
		"nobody of this name":             {Query{Actor: "bo"}, nil, 0},
		"since":                           {Query{Since: begin.Add(38 * time.Minute)}, []uint64{40, 39}, 0},
		"until":                           {Query{Until: begin.Add(2 * time.Minute)}, []uint64{2, 1}, 0},
		"since and until":                 {Query{Since: begin.Add(10 * time.Minute), Until: begin.Add(12 * time.Minute)}, []uint64{12, 11}, 0},
		"what would be JSON in the query": {Query{Actor: `ada","action":"a`}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := f.Search(context.Background(), tt.q)
			must(t, err)
			if diff := cmp.Diff(tt.want, seqs(p)); diff != "" || p.Next != tt.next {
				t.Errorf("next %d, want %d; -want +got:\n%s", p.Next, tt.next, diff)
			}
		})
	}
}

// TestSearchPagesThroughEverything turns pages that are small, of a log that is
// larger than what one of them reads.
func TestSearchPagesThroughEverything(t *testing.T) {
	f := open(t, t.TempDir(), FileOptions{MaxSize: 1 << 20, NoWait: true})
	long := strings.Repeat("x", 900)
	const n = 4000
	for i := range n {
		e := Event{Action: long, Resource: fmt.Sprint("r", i%400), Details: nil}
		must(t, f.Append(t.Context(), nil, append(e.AppendJSON(nil), '\n')))
	}
	must(t, f.Sync(t.Context()))
	for name, tt := range map[string]struct {
		q    Query
		want int
	}{
		"all":  {Query{Limit: 33}, n},
		"some": {Query{Limit: 3, Resource: "r17", MaxScan: 1}, n / 400},
	} {
		t.Run(name, func(t *testing.T) {
			var all []uint64
			for pages := 0; ; pages++ {
				p, err := f.Search(t.Context(), tt.q)
				must(t, err)
				all = append(all, seqs(p)...)
				if tt.q.Before = p.Next; p.Next == 0 {
					break
				}
				if pages > n {
					t.Fatal("no end")
				}
			}
			sorted := slices.Compact(slices.Sorted(slices.Values(all)))
			slices.Reverse(sorted)
			if !slices.Equal(all, sorted) || len(all) != tt.want {
				t.Errorf("%d events, want %d: %v", len(all), tt.want, all)
			}
		})
	}
}

func TestSearchSeesWhatIsDurableAlone(t *testing.T) {
	m := newMemFS()
	f, err := openMem(t, m, FileOptions{})
	must(t, err)
	write(t, f, "a", 2)
	m.arm(1, true, errIO, "sync")
	_ = f.Append(t.Context(), nil, line("no"))
	p, err := f.Search(t.Context(), Query{})
	must(t, err)
	if got := seqs(p); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func ask(h http.Handler, who auth.Principal, method, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://x/", nil)
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	r.URL = u
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), who)))
	return w
}

func TestHandlerShowsTheLogToAdmins(t *testing.T) {
	f, begin := history(t)
	h, err := NewHandler(f, nil)
	must(t, err)
	admin := auth.Principal{ID: "root", Admin: true}
	since := url.QueryEscape(begin.Add(30 * time.Minute).Format(time.RFC3339))
	for name, tt := range map[string]struct {
		who    auth.Principal
		method string
		target string
		status int
		want   string // in the answer
	}{
		"a search":             {admin, "GET", "/?actor=ada&action=a&limit=1&since=" + since, 200, `"next":"37"`},
		"without a slash":      {admin, "GET", "", 200, `"action":"a"`},
		"a last page":          {admin, "GET", "/?cursor=2", 200, `"next":null`},
		"nothing":              {admin, "GET", "/?outcome=failure&address=a&resource=b&request_id=c&trace_id=d&until=2001-01-01T00:00:00Z", 200, `{"events":[],"next":null}`},
		"head":                 {admin, "HEAD", "/", 200, ""},
		"options":              {admin, "OPTIONS", "/", 204, ""},
		"a user":               {auth.Principal{ID: "ada"}, "GET", "/", 403, "forbidden"},
		"nobody":               {auth.Principal{Admin: true}, "GET", "/", 401, "unauthenticated"},
		"another path":         {admin, "GET", "/x", 404, "not-found"},
		"another method":       {admin, "DELETE", "/", 405, "method-not-allowed"},
		"a wrong limit":        {admin, "GET", "/?limit=1001", 400, "1 to 1000"},
		"a wrong cursor":       {admin, "GET", "/?cursor=x", 400, "cursor"},
		"a wrong time":         {admin, "GET", "/?since=yesterday", 400, "must be a time"},
		"a parameter twice":    {admin, "GET", "/?actor=a&actor=b", 400, "2 times"},
		"an unknown parameter": {admin, "GET", "/?who=a", 400, "no parameter"},
		"a malformed query":    {admin, "GET", "/?actor=%zz", 400, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(h, tt.who, tt.method, tt.target)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if w.Code == 200 && tt.method == "GET" && !json.Valid(w.Body.Bytes()) {
				t.Errorf("no JSON: %s", w.Body)
			}
		})
	}
}

func TestHandlerAsksTheAuthorizer(t *testing.T) {
	f := open(t, t.TempDir(), FileOptions{})
	var asked auth.Object
	h, err := NewHandler(f, &HandlerOptions{Authorizer: auth.AuthorizerFunc(func(_ context.Context, _ auth.Principal, a auth.Action, o auth.Object) error {
		asked = o
		if a != auth.List {
			t.Errorf("asked for %s", a)
		}
		return nil
	})})
	must(t, err)
	if w := ask(h, auth.Principal{}, "GET", "/"); w.Code != 200 || asked.Kind != Kind {
		t.Errorf("%d, asked about %+v", w.Code, asked)
	}
	if _, err := NewHandler(nil, nil); err == nil {
		t.Error("nothing is shown")
	}
}
