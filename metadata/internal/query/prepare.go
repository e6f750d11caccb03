// Package query is what every implementation of metadata.Store does with a
// metadata.Query before it asks its database.
package query

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// The limits of a query.
const (
	DefaultLimit = 20
	MaxLimit     = 100
	MaxText      = 1000 // bytes
	MaxWords     = 32
	MaxTags      = 50
)

var (
	sorts = []metadata.Sort{
		metadata.Newest, metadata.Oldest, metadata.Updated, metadata.ByTitle,
		metadata.Longest, metadata.Largest, metadata.Relevance,
	}
	states = []metadata.State{metadata.Uploading, metadata.Processing, metadata.Ready, metadata.Failed}
)

// Plan is a checked query: defaults are set, tags and states sorted and unique.
type Plan struct {
	metadata.Query
	Words []string  // of Text
	Empty bool      // nothing can match
	After *Position // where the page before ended; nil for the first page
}

// Prepare checks q. Its errors match metadata.ErrInvalid.
func Prepare(q metadata.Query) (*Plan, error) {
	p := &Plan{Query: q}
	if err := p.setText(); err != nil {
		return nil, err
	}
	if err := p.setFilters(); err != nil {
		return nil, err
	}
	if err := p.setOrder(); err != nil {
		return nil, err
	}
	if p.Limit == 0 {
		p.Limit = DefaultLimit
	}
	if p.Limit < 1 || p.Limit > MaxLimit {
		return nil, invalid("limit is %d; it must be between 1 and %d", p.Limit, MaxLimit)
	}
	if p.Cursor == "" {
		return p, nil
	}
	var err error
	p.After, err = p.decode(p.Cursor)
	return p, err
}

func (p *Plan) setText() error {
	if len(p.Text) > MaxText {
		return invalid("the search text has %d bytes; at most %d are possible", len(p.Text), MaxText)
	}
	if !utf8.ValidString(p.Text) {
		return invalid("the search text is not valid UTF-8")
	}
	p.Words = Words(p.Text)
	if len(p.Words) > MaxWords {
		return invalid("the search text has %d words; at most %d are possible", len(p.Words), MaxWords)
	}
	p.Empty = len(p.Words) == 0 && strings.TrimSpace(p.Text) != ""
	return nil
}

func (p *Plan) setFilters() error {
	if len(p.Tags) > MaxTags {
		return invalid("the search has %d tags; at most %d are possible", len(p.Tags), MaxTags)
	}
	if !utf8.ValidString(p.Owner + strings.Join(p.Tags, "")) {
		return invalid("owner and tags must be valid UTF-8")
	}
	p.Tags = slices.Compact(slices.Sorted(slices.Values(p.Tags)))
	p.States = slices.Compact(slices.Sorted(slices.Values(p.States)))
	for _, s := range p.States {
		if !slices.Contains(states, s) {
			return invalid("there is no state %q; use %s", s, oneOf(states))
		}
	}
	return nil
}

func (p *Plan) setOrder() error {
	hasText := len(p.Words) > 0 || p.Empty
	if p.Sort == "" {
		p.Sort = metadata.Newest
		if hasText {
			p.Sort = metadata.Relevance
		}
	}
	if !slices.Contains(sorts, p.Sort) {
		return invalid("there is no order %q; use %s", p.Sort, oneOf(sorts))
	}
	if p.Sort == metadata.Relevance && !hasText {
		return invalid("the order %q needs a text to search for", p.Sort)
	}
	return nil
}

func oneOf[S ~string](values []S) string {
	var b strings.Builder
	for i, v := range values {
		switch {
		case i == len(values)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(v))
	}
	return b.String()
}

func invalid(format string, args ...any) error {
	return problem.Errorf(metadata.ErrInvalid, format, args...)
}
