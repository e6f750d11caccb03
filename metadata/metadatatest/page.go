package metadatatest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

var pageTests = []test{
	{"are cut at the limit, and the last has no cursor", pageLimits},
	{"together hold each asset once, in order, for every order and limit", pagesWhole},
	{"meet each asset once while others come and go", pagesStable},
	{"refuse a cursor that is damaged", badCursors},
	{"refuse the cursor of another search", foreignCursors},
	{"take a cursor whose asset is gone", cursorOfDeleted},
}

var sorts = []metadata.Sort{
	metadata.Newest, metadata.Oldest, metadata.Updated, metadata.ByTitle, metadata.Longest, metadata.Largest, metadata.Relevance,
}

// crowd inserts n assets with many equal keys.
func crowd(t *testing.T, s metadata.Store, n int) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	var list []*metadata.Asset
	for i := range n {
		a := asset("ann")
		a.Title = "crowd " + strings.Repeat("ä\"<", i%3)
		a.Description = strings.Repeat("more crowd ", i%4)
		a.Duration, a.Size = float64(i%4)/3, int64(i%3)
		a.CreatedAt = time.Date(2024, 1, 1, 0, 0, 0, 1000*(i%5), time.UTC)
		list, ids[a.ID] = append(list, a), true
	}
	insert(t, s, list...)
	return ids
}

func search(t *testing.T, s metadata.Store, q metadata.Query) metadata.Page {
	t.Helper()
	page, err := s.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("Search(%+v): %v", q, err)
	}
	return page
}

// follow reads every page of q, calling between after each.
func follow(t *testing.T, s metadata.Store, q metadata.Query, between func()) []*metadata.Asset {
	t.Helper()
	var list []*metadata.Asset
	for range 1000 {
		page := search(t, s, q)
		list = append(list, page.Assets...)
		if page.Next == "" {
			return list
		}
		if len(page.Assets) != q.Limit {
			t.Fatalf("a page that is not the last has %d assets, want %d", len(page.Assets), q.Limit)
		}
		q.Cursor = page.Next
		between()
	}
	t.Fatal("the pages do not end")
	return nil
}

func pageLimits(t *testing.T, s metadata.Store) {
	crowd(t, s, 21)
	for _, c := range []struct {
		limit, want int
		more        bool
	}{{0, 20, true}, {1, 1, true}, {20, 20, true}, {21, 21, false}, {22, 21, false}, {100, 21, false}} {
		page := search(t, s, metadata.Query{Limit: c.limit})
		if len(page.Assets) != c.want || (page.Next != "") != c.more {
			t.Errorf("limit %d: %d assets, next %q; want %d, more: %v", c.limit, len(page.Assets), page.Next, c.want, c.more)
		}
	}
}

func pagesWhole(t *testing.T, s metadata.Store) {
	ids := crowd(t, s, 23)
	for _, sort := range sorts {
		q := metadata.Query{Owner: "ann", Text: "crowd", Sort: sort, Limit: 100}
		whole := search(t, s, q).Assets
		if len(whole) != len(ids) {
			t.Fatalf("%s: %d found, want %d", sort, len(whole), len(ids))
		}
		for _, limit := range []int{1, 2, 7, 22, 23} {
			q.Limit = limit
			equal(t, fmt.Sprintf("%s by %d", sort, limit), idList(follow(t, s, q, func() {})), idList(whole))
		}
	}
}

func pagesStable(t *testing.T, s metadata.Store) {
	ids := crowd(t, s, 12)
	for _, sort := range sorts {
		q := metadata.Query{Text: "crowd", Sort: sort, Limit: 3}
		seen := map[string]int{}
		var passing *metadata.Asset
		for _, a := range follow(t, s, q, func() {
			update(t, s, func(ctx context.Context, tx metadata.Tx) error {
				if passing != nil {
					if err := tx.DeleteAsset(ctx, passing.ID); err != nil {
						return err
					}
				}
				passing = asset("ann")
				passing.Title, passing.Size, passing.Duration = "crowd "+string(sort), 1, 0.5
				stays := passing.Clone()
				stays.ID = metadata.NewID()
				stays.Title = "unlike"
				return errors.Join(tx.InsertAsset(ctx, passing), tx.InsertAsset(ctx, stays))
			})
		}) {
			seen[a.ID]++
		}
		for id := range ids {
			if seen[id] != 1 {
				t.Errorf("%s: an asset that was there all the time was met %d times", sort, seen[id])
			}
		}
		update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.DeleteAsset(ctx, passing.ID) })
	}
}

func badCursors(t *testing.T, s metadata.Store) {
	crowd(t, s, 5)
	q := metadata.Query{Limit: 2}
	good := search(t, s, q).Next
	bad := []string{
		"x", "%%%", " ", good + "x", good + "=", good[:len(good)-1], good[1:], strings.ToUpper(good), "\x00", strings.Repeat("A", 1<<20),
		base64.RawURLEncoding.EncodeToString([]byte(`{}`)), base64.RawURLEncoding.EncodeToString([]byte(`null`)),
		base64.RawURLEncoding.EncodeToString([]byte(`{"v":99}`)),
	}
	for _, cursor := range bad {
		q.Cursor = cursor
		if page, err := s.Search(t.Context(), q); !errors.Is(err, metadata.ErrInvalid) {
			t.Errorf("cursor %.40q: %d assets, %v; want ErrInvalid", cursor, len(page.Assets), err)
		}
	}
	for i := range len(good) { // never anything but a page or a refusal
		q.Cursor = good[:i] + "B" + good[i+1:]
		if _, err := s.Search(t.Context(), q); err != nil && !errors.Is(err, metadata.ErrInvalid) {
			t.Errorf("cursor %q: %v", q.Cursor, err)
		}
	}
}

func foreignCursors(t *testing.T, s metadata.Store) {
	crowd(t, s, 5)
	q := metadata.Query{Owner: "ann", Text: "crowd", Sort: metadata.Newest, Limit: 2}
	cursor := search(t, s, q).Next
	for name, change := range map[string]func(*metadata.Query){
		"another order": func(q *metadata.Query) { q.Sort = metadata.Oldest },
		"another text":  func(q *metadata.Query) { q.Text = "more" },
		"another owner": func(q *metadata.Query) { q.Owner = "bob" },
		"everybody's":   func(q *metadata.Query) { q.Owner = "" },
		"a tag more":    func(q *metadata.Query) { q.Tags = []string{"x"} },
		"a state more":  func(q *metadata.Query) { q.States = []metadata.State{metadata.Ready} },
	} {
		other := q
		other.Cursor = cursor
		change(&other)
		if _, err := s.Search(t.Context(), other); !errors.Is(err, metadata.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	q.Cursor, q.Limit = cursor, 1
	if page := search(t, s, q); len(page.Assets) != 1 {
		t.Errorf("another limit: %d assets, want 1", len(page.Assets))
	}
}

func cursorOfDeleted(t *testing.T, s metadata.Store) {
	crowd(t, s, 9)
	for _, sort := range sorts {
		q := metadata.Query{Text: "crowd", Sort: sort, Limit: 2}
		first := search(t, s, q)
		all := idList(follow(t, s, q, func() {}))
		last := first.Assets[1]
		update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.DeleteAsset(ctx, last.ID) })
		q.Cursor, q.Limit = first.Next, 100
		rest := idList(search(t, s, q).Assets)
		if sort == metadata.Relevance { // ranks drift with each deletion: no more is promised than a page
			continue
		}
		equal(t, string(sort), rest, all[2:])
	}
}
