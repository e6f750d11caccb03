package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/query"
	"github.com/streamgate/streamgate/metadata/internal/record"
)

// found ranks what matches, with weights for title, description and tags. It is
// materialized because FTS5 ranks nothing outside of its own scan. Ranking is
// what costs, some microsecond for each match: so an owner's search ranks the
// owner's assets alone. The + keeps SQLite from asking for one row at a time.
const (
	found = `WITH found AS MATERIALIZED (
	SELECT rowid AS seq, bm25(assets_text, 10.0, 1.0, 5.0) AS rank FROM assets_text WHERE assets_text MATCH :match`
	foundOwned = ` AND +rowid IN (SELECT seq FROM assets WHERE owner = :owner)`
	foundEnd   = `) `
)

// order is how a search's results are sorted: a column of assets, then the id.
type order struct {
	column string
	desc   bool
}

var orders = map[metadata.Sort]order{
	metadata.Newest:    {"created_at", true},
	metadata.Oldest:    {"created_at", false},
	metadata.Updated:   {"updated_at", true},
	metadata.ByTitle:   {"title_key", false},
	metadata.Longest:   {"duration", true},
	metadata.Largest:   {"size", true},
	metadata.Relevance: {"rank", false}, // bm25 is lower for what fits better
}

// Search implements metadata.Store.
func (s *store) Search(ctx context.Context, q metadata.Query) (metadata.Page, error) {
	p, err := query.Prepare(q)
	if err != nil || p.Empty {
		return metadata.Page{}, err
	}
	text, args, err := searchSQL(p)
	if err != nil {
		return metadata.Page{}, err
	}
	stmt, err := s.searchStmt(ctx, text)
	if err != nil {
		return metadata.Page{}, failed("search", err)
	}
	var rank float64 // of the row scanned last
	var ranks []float64
	rows, err := stmt.QueryContext(ctx, args...)
	assets, err := all(rows, err, func(row scanner) (*metadata.Asset, error) {
		a, err := scanAsset(row, &rank)
		ranks = append(ranks, rank)
		return a, err
	})
	if err != nil {
		return metadata.Page{}, failed("search", err)
	}
	page := metadata.Page{Assets: assets}
	if len(assets) > p.Limit { // one more was asked for, to know whether there is a next page
		page.Assets = assets[:p.Limit]
		page.Next = p.Encode(p.PositionOf(assets[p.Limit-1], ranks[p.Limit-1]))
	}
	return page, nil
}

// searchStmt prepares each shape of a search once. There are at most some 200.
func (s *store) searchStmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := s.searches.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := s.pool.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if first, loaded := s.searches.LoadOrStore(text, stmt); loaded {
		return first.(*sql.Stmt), stmt.Close()
	}
	return stmt, nil
}

// searchSQL returns the statement for p. Its text depends on which filters there
// are and never on what they hold.
func searchSQL(p *query.Plan) (string, []any, error) {
	c := &conditions{}
	from := ` FROM assets`
	rank := `0.0`
	switch {
	case p.Sort == metadata.Relevance:
		from = ` FROM found JOIN assets USING (seq)`
		rank = `rank`
		c.args = append(c.args, sql.Named("match", match(p.Words)))
	case len(p.Words) > 0:
		c.add(`seq IN (SELECT rowid FROM assets_text WHERE assets_text MATCH :match)`, sql.Named("match", match(p.Words)))
	}
	if err := c.filters(p); err != nil {
		return "", nil, err
	}
	o := orders[p.Sort]
	c.after(p, o)

	var b strings.Builder
	if p.Sort == metadata.Relevance {
		b.WriteString(found)
		if p.Owner != "" {
			b.WriteString(foundOwned)
		}
		b.WriteString(foundEnd)
	}
	b.WriteString(`SELECT ` + assetColumns + `, ` + rank + from)
	if len(c.texts) > 0 {
		b.WriteString(` WHERE ` + strings.Join(c.texts, ` AND `))
	}
	b.WriteString(` ORDER BY ` + o.column + o.direction() + `, id` + o.direction() + ` LIMIT :limit`)
	return b.String(), append(c.args, sql.Named("limit", p.Limit+1)), nil
}

// conditions are what a search requires of an asset.
type conditions struct {
	texts []string
	args  []any
}

func (c *conditions) add(text string, args ...any) {
	c.texts = append(c.texts, text)
	c.args = append(c.args, args...)
}

func (c *conditions) filters(p *query.Plan) error {
	lists, err := record.Encode(p.Tags, p.States)
	if err != nil {
		return failed("encode a search", err)
	}
	if p.Owner != "" {
		c.add(`owner = :owner`, sql.Named("owner", p.Owner))
	}
	if len(p.States) > 0 {
		c.add(`state IN (SELECT value FROM json_each(:states))`, sql.Named("states", lists[1]))
	}
	if len(p.Tags) > 0 {
		c.add(`seq IN (SELECT asset FROM asset_tags WHERE tag IN (SELECT value FROM json_each(:tags))
			GROUP BY asset HAVING count(*) = :tag_count)`, sql.Named("tags", lists[0]), sql.Named("tag_count", len(p.Tags)))
	}
	return nil
}

// after begins the page where the one before ended, by key and id and not by
// counting, so that neither cost nor result depend on what came before. Ranks
// drift as assets come and go; so relevance asks for the rank that the last
// asset has now, and takes the one it had only when it is no more.
func (c *conditions) after(p *query.Plan, o order) {
	if p.After == nil {
		return
	}
	key, than := `:after_key`, `>`
	if p.Sort == metadata.Relevance {
		key = `coalesce((SELECT rank FROM found WHERE seq = (SELECT seq FROM assets WHERE id = :after_id)), :after_key)`
	}
	if o.desc {
		than = `<`
	}
	c.add(`(`+o.column+`, id) `+than+` (`+key+`, :after_id)`,
		sql.Named("after_key", p.Key(p.After)), sql.Named("after_id", p.After.ID))
}

func (o order) direction() string {
	if o.desc {
		return ` DESC`
	}
	return ` ASC`
}

// match returns words as an FTS5 expression: each in quotes, so that none is an
// operator, all required, the last one a prefix.
func match(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = `"` + strings.ReplaceAll(w, `"`, `""`) + `"`
	}
	return strings.Join(quoted, ` AND `) + ` *`
}
