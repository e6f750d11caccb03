package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/query"
)

// many opens a database with two thousand assets of fifty owners, as the server knows it after a while.
func many(t *testing.T) *store {
	t.Helper()
	db, err := Open(t.Context(), pgtest.Database(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.store.Update(t.Context(), func(tx metadata.Tx) error {
		for i := range 2000 {
			if err := tx.InsertAsset(t.Context(), &metadata.Asset{
				ID: metadata.NewID(), Owner: fmt.Sprint("owner", i%50), State: metadata.Ready,
				Title: fmt.Sprint("common ", i), Tags: []string{fmt.Sprint("tag", i)}, Duration: float64(i), Size: int64(i),
			}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := Vacuum(t.Context(), db.store); err != nil {
		t.Fatal(err)
	}
	return db.store
}

// planOf returns how the server finds the page of q, the first or a later one.
func planOf(t *testing.T, s *store, q metadata.Query, later bool) string {
	t.Helper()
	p, err := query.Prepare(q)
	if err != nil {
		t.Fatal(err)
	}
	if later {
		p.After = &query.Position{ID: "x", Int: 500, Float: 500, String: "common 500"}
	}
	text, args := s.searchSQL(p)
	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if p.Text == "" && p.Tags == nil { // a handful of rows is as well sorted: the question is whether it needs to be
		if _, err := tx.Exec(t.Context(), "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"); err != nil {
			t.Fatal(err)
		}
	}
	found, err := tx.Query(t.Context(), "EXPLAIN "+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}

func TestSearchesUseTheIndexes(t *testing.T) {
	s := many(t)
	for sort, index := range map[metadata.Sort]string{
		metadata.Newest: "_created", metadata.Oldest: "_created", metadata.Updated: "assets_owner_updated",
		metadata.ByTitle: "assets_owner_title", metadata.Longest: "assets_owner_duration", metadata.Largest: "assets_owner_size",
	} {
		for _, later := range []bool{false, true} {
			plan := planOf(t, s, metadata.Query{Owner: "owner1", Sort: sort}, later)
			if !strings.Contains(plan, index+" ") || strings.Contains(plan, "Sort") {
				t.Errorf("%s, after a cursor: %v: want the order of %s:\n%s", sort, later, index, plan)
			}
		}
	}
	for index, q := range map[string]metadata.Query{
		"assets_created": {},
		"assets_words":   {Owner: "owner1", Text: "77"},
		"assets_tags":    {Owner: "owner1", Tags: []string{"tag7"}},
	} {
		if plan := planOf(t, s, q, false); !strings.Contains(plan, index) {
			t.Errorf("%+v: want %s:\n%s", q, index, plan)
		}
	}
}
