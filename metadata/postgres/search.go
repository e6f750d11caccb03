package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/query"
	"github.com/streamgate/streamgate/metadata/internal/record"
)

// order is how a search's results are sorted: an expression, then the id.
type order struct {
	by   string
	desc bool
}

var orders = map[metadata.Sort]order{
	metadata.Newest:    {"created_at", true},
	metadata.Oldest:    {"created_at", false},
	metadata.Updated:   {"updated_at", true},
	metadata.ByTitle:   {"title_key", false},
	metadata.Longest:   {"duration", true},
	metadata.Largest:   {"size", true},
	metadata.Relevance: {"rank", true},
}

// Search implements metadata.Store.
func (s *store) Search(ctx context.Context, q metadata.Query) (metadata.Page, error) {
	p, err := query.Prepare(q)
	if err != nil || p.Empty {
		return metadata.Page{}, err
	}
	if !possible(p) {
		return metadata.Page{}, ctx.Err()
	}
	text, args := s.searchSQL(p)
	var rank float64 // of the row scanned last
	var ranks []float64
	assets, err := rows(ctx, s.reader, "search", text, func(row pgx.CollectableRow) (*metadata.Asset, error) {
		a, err := scanRanked(row, &rank)
		ranks = append(ranks, rank)
		return a, err
	}, args...)
	if err != nil {
		return metadata.Page{}, err
	}
	ranks = ranks[len(ranks)-len(assets):] // without those of a connection that was lost
	page := metadata.Page{Assets: assets}
	if len(assets) > p.Limit { // one more was asked for, to know whether there is a next page
		page.Assets = assets[:p.Limit]
		page.Next = p.Encode(p.PositionOf(assets[p.Limit-1], ranks[p.Limit-1]))
	}
	return page, nil
}

// possible says whether an owner or tag can be there at all.
func possible(p *query.Plan) bool { return record.IsText(p.Owner + strings.Join(p.Tags, "")) }

// searchSQL returns the statement for p. Its text depends on which filters there are
// and never on what they hold. It is planned each time for what they do hold: a plan
// for any word would be wrong for the rare or for the common ones.
func (s *store) searchSQL(p *query.Plan) (string, []any) {
	c := &conditions{args: []any{pgx.QueryExecModeCacheDescribe}}
	var b strings.Builder
	from, rank := `assets`, `0::float8`
	if p.Sort == metadata.Relevance {
		from, rank = `found`, `rank`
		b.WriteString(`WITH found AS (SELECT *, ` + s.rank(c, p) + ` AS rank FROM assets`)
		c.filters(p)
		b.WriteString(c.where() + `) `)
		c.texts = nil
	} else {
		c.filters(p)
	}
	o := orders[p.Sort]
	c.after(p, o)
	b.WriteString(`SELECT ` + assetColumns + `, ` + rank + ` FROM ` + from + c.where() +
		` ORDER BY ` + o.by + o.direction() + `, id` + o.direction() + ` LIMIT ` + c.value(p.Limit+1))
	return b.String(), c.args
}

// rank weighs where the words stand and how much else there is, and doubles it the
// closer the title comes to what was searched for, by its trigrams. It depends on
// the asset alone, so that a cursor stays right while others come and go.
func (s *store) rank(c *conditions, p *query.Plan) string {
	return `ts_rank('{0.1, 0.1, 0.5, 1}', words, ` + c.value(match(p.Words)) + `::text::tsquery, 1)::float8 * (1 + ` +
		s.similarity + `(title_key, ` + c.value(query.TitleKey(strings.Join(p.Words, " "))) + `)::float8)`
}

// conditions are what a search requires of an asset.
type conditions struct {
	texts []string
	args  []any // the first is no value but how they are sent
}

// value adds a value and returns its place.
func (c *conditions) value(v any) string {
	c.args = append(c.args, v)
	return `$` + strconv.Itoa(len(c.args)-1)
}

func (c *conditions) add(text string) { c.texts = append(c.texts, text) }

func (c *conditions) where() string {
	if len(c.texts) == 0 {
		return ``
	}
	return ` WHERE ` + strings.Join(c.texts, ` AND `)
}

func (c *conditions) filters(p *query.Plan) {
	if len(p.Words) > 0 {
		c.add(`words @@ ` + c.value(match(p.Words)) + `::text::tsquery`)
	}
	if p.Owner != "" {
		c.add(`owner = ` + c.value(p.Owner))
	}
	if len(p.States) > 0 {
		c.add(`state = ANY (` + c.value(p.States) + `::text[])`)
	}
	if len(p.Tags) > 0 {
		c.add(`tags @> ` + c.value(p.Tags) + `::text[]`)
	}
}

// after begins the page where the one before ended, by key and id and not by
// counting, so that neither cost nor result depend on what came before.
func (c *conditions) after(p *query.Plan, o order) {
	if p.After == nil {
		return
	}
	than := `>`
	if o.desc {
		than = `<`
	}
	c.add(`(` + o.by + `, id) ` + than + ` (` + c.value(p.Key(p.After)) + `, ` + c.value(p.After.ID) + `)`)
}

func (o order) direction() string {
	if o.desc {
		return ` DESC`
	}
	return ` ASC`
}
