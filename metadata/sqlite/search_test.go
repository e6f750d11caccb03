package sqlite

import (
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/query"
)

func TestAnOwnersPageComesFromAnIndexInOrder(t *testing.T) {
	db, _ := openFor(t)
	for sort, index := range map[metadata.Sort]string{
		metadata.Newest: "assets_owner_created", metadata.Oldest: "assets_owner_created", metadata.Updated: "assets_owner_updated",
		metadata.ByTitle: "assets_owner_title", metadata.Longest: "assets_owner_duration", metadata.Largest: "assets_owner_size",
	} {
		for _, cursor := range []bool{false, true} {
			plan := planOf(t, db, metadata.Query{Owner: "ann", Sort: sort}, cursor)
			if !strings.Contains(plan, "USING INDEX "+index) || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s, after a cursor: %v: %s; want the order of %s", sort, cursor, plan, index)
			}
			if cursor && !strings.Contains(plan, "(owner=? AND ") {
				t.Errorf("%s: %s; want the page to begin at the cursor", sort, plan)
			}
		}
	}
	if plan := planOf(t, db, metadata.Query{}, true); !strings.Contains(plan, "USING INDEX assets_created") {
		t.Errorf("everybody's newest: %s", plan)
	}
}

// planOf returns how SQLite finds the page of q, the first or a later one.
func planOf(t *testing.T, db *DB, q metadata.Query, later bool) string {
	t.Helper()
	p, err := query.Prepare(q)
	if err != nil {
		t.Fatal(err)
	}
	if later {
		p.After = &query.Position{ID: "x"}
	}
	text, args, err := searchSQL(p)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	steps, err := all(rows, err, func(row scanner) (step string, err error) {
		var a, b, c int
		return step, row.Scan(&a, &b, &c, &step)
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "; ")
}

func TestTheShapesOfSearchesAreFew(t *testing.T) {
	texts := map[string]bool{}
	for _, tags := range [][]string{nil, {"a"}, {"a", "b"}, make([]string, 50)} {
		for _, states := range [][]metadata.State{nil, {metadata.Ready}, {metadata.Ready, metadata.Failed}} {
			for _, words := range []string{"", "a", "a b c"} {
				p, err := query.Prepare(metadata.Query{Tags: tags, States: states, Text: words, Sort: metadata.Newest})
				if err != nil {
					t.Fatal(err)
				}
				text, _, err := searchSQL(p)
				if err != nil {
					t.Fatal(err)
				}
				texts[text] = true
			}
		}
	}
	if len(texts) != 8 {
		t.Errorf("%d statements, want one for each combination of filters: 8", len(texts))
	}
}

func TestTheTextIndexHoldsNothingOfTheDeleted(t *testing.T) {
	db, _ := openFor(t)
	count := func(table string) (n int) {
		t.Helper()
		if err := db.reader.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	a := big()
	a.Tags = []string{"x", "y"}
	if err := insertOne(t, db.store, a); err != nil {
		t.Fatal(err)
	}
	if text, tags := count("assets_text"), count("asset_tags"); text != 1 || tags != 2 {
		t.Errorf("%d rows of text, %d tags; want 1, 2", text, tags)
	}
	if err := db.store.Update(t.Context(), func(tx metadata.Tx) error { return tx.DeleteAsset(t.Context(), a.ID) }); err != nil {
		t.Fatal(err)
	}
	if text, tags := count("assets_text"), count("asset_tags"); text != 0 || tags != 0 {
		t.Errorf("%d rows of text, %d tags are left; want none", text, tags)
	}
}
