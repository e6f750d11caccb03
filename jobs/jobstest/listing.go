package jobstest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/jobs"
)

var listTests = []test{
	{"jobs are listed by kind, state and owner, newest first", lists},
	{"pages meet each job once", pages},
	{"a list that makes no sense is refused", badQueries},
	{"sizes count what has not ended", sizes},
}

// fill submits jobs of two kinds and owners, some for later, of which one is
// cancelled, and returns their ids.
func fill(t *testing.T, p Place) (*house, []int64) {
	t.Helper()
	h := queue(t, p.Jobs, jobs.Options{}, func(q *jobs.Queue) error {
		return errors.Join(q.Handle("film", nil, nil), q.Handle("poster", nil, nil))
	})
	var ids []int64
	for i := range 8 {
		j := jobs.Job{Kind: []string{"film", "poster"}[i%2], Owner: []string{"ann", "bob"}[i/2%2]}
		if i >= 4 {
			j.RunAt = time.Now().Add(time.Hour)
		}
		ids = append(ids, h.submit(j).ID)
	}
	if _, err := h.Cancel(context.Background(), ids[7]); err != nil {
		t.Fatal(err)
	}
	return h, ids
}

func lists(t *testing.T, p Place) {
	h, ids := fill(t, p)
	for name, c := range map[string]struct {
		query jobs.Query
		want  []int // indexes
	}{
		"all":                       {jobs.Query{}, []int{7, 6, 5, 4, 3, 2, 1, 0}},
		"of a kind":                 {jobs.Query{Kinds: []string{"film"}}, []int{6, 4, 2, 0}},
		"of two kinds":              {jobs.Query{Kinds: []string{"film", "poster", "other"}, Limit: 3}, []int{7, 6, 5}},
		"of a kind that none is of": {jobs.Query{Kinds: []string{"other"}}, nil},
		"in a state":                {jobs.Query{States: []jobs.State{jobs.Scheduled}}, []int{6, 5, 4}},
		"in one of two":             {jobs.Query{States: []jobs.State{jobs.Cancelled, jobs.Waiting}}, []int{7, 3, 2, 1, 0}},
		"of an owner":               {jobs.Query{Owner: "bob"}, []int{7, 6, 3, 2}},
		"by everything":             {jobs.Query{Owner: "bob", Kinds: []string{"film"}, States: []jobs.State{jobs.Waiting}}, []int{2}},
		"of nobody there":           {jobs.Query{Owner: "eve' OR 1=1 --"}, nil},
	} {
		page, err := h.List(t.Context(), c.query)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got, want []int64
		for _, j := range page.Jobs {
			got = append(got, j.ID)
		}
		for _, i := range c.want {
			want = append(want, ids[i])
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func pages(t *testing.T, p Place) {
	h, ids := fill(t, p)
	var got []int64
	for query := (jobs.Query{Limit: 3}); ; {
		page, err := h.List(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range page.Jobs {
			got = append([]int64{j.ID}, got...)
			if j.Owner == "" || string(j.Args) != "{}" {
				t.Errorf("%+v", j)
			}
		}
		if page.Next == "" {
			break
		}
		h.submit(jobs.Job{Kind: "film"}) // newer than all that is asked for
		query.Cursor = page.Next
	}
	if d := cmp.Diff(ids, got); d != "" {
		t.Error(d)
	}
}

func badQueries(t *testing.T, p Place) {
	h := queue(t, p.Jobs, jobs.Options{}, one("noop", nil, nil))
	for name, query := range map[string]jobs.Query{
		"a state that there is not": {States: []jobs.State{"asleep"}},
		"no room":                   {Limit: -1},
		"too much":                  {Limit: 101},
		"a cursor of nobody's":      {Cursor: "abc"},
		"a cursor before all":       {Cursor: "-1"},
		"very many kinds":           {Kinds: make([]string, 51)},
	} {
		if page, err := h.List(t.Context(), query); !errors.Is(err, jobs.ErrInvalid) {
			t.Errorf("%s: %v, %v", name, page, err)
		}
	}
}

func sizes(t *testing.T, p Place) {
	h, _ := fill(t, p)
	got, err := h.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[jobs.State]int{
		"film": {jobs.Waiting: 2, jobs.Scheduled: 2}, "poster": {jobs.Waiting: 2, jobs.Scheduled: 1},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
