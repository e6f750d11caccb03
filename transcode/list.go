package transcode

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

// List is a page of transcodes, newest first: those that were begun within the
// retention of the Queue; or all of one asset. ErrInvalid
// for a Limit out of range, and for a Cursor that is damaged or of another list.
func (t *Transcoder) List(ctx context.Context, q Query) (Page, error) {
	if q.Asset != "" {
		return t.listOf(ctx, q)
	}
	found, err := t.Queue.List(ctx, jobs.Query{Kinds: []string{kindPlan}, Owner: q.Owner, Cursor: q.Cursor, Limit: q.Limit})
	if err != nil {
		return Page{}, err
	}
	page := Page{Transcodes: []*Status{}, Next: found.Next}
	for _, j := range found.Jobs {
		var a args
		if err := json.Unmarshal(j.Args, &a); err != nil {
			return Page{}, err
		}
		s, err := t.Status(ctx, a.Transcode)
		switch {
		case errors.Is(err, ErrNotFound): // its asset was deleted
		case err != nil:
			return Page{}, err
		case q.State == "" || s.State == q.State:
			page.Transcodes = append(page.Transcodes, s)
		}
	}
	return page, nil
}

// Query says which transcodes. Zero fields do not filter.
type Query struct {
	Owner  string
	Asset  string
	State  State  // a page may have fewer than Limit then, and yet there is one after it
	Cursor string // from the page before; opaque
	Limit  int    // 1 to 100; default 20
}

// Page is one page of transcodes.
type Page struct {
	Transcodes []*Status
	Next       string // cursor of the page after; "" at the end
}

const (
	defaultLimit = 20
	maxLimit     = 100
)

// listOf pages through the transcodes of an asset. A cursor is the id of the last one
// of its page.
func (t *Transcoder) listOf(ctx context.Context, q Query) (Page, error) {
	limit := cmp.Or(q.Limit, defaultLimit)
	if limit < 1 || limit > maxLimit {
		return Page{}, problem.Errorf(ErrInvalid, "limit is %d; it goes from 1 to %d", limit, maxLimit)
	}
	uploads, err := t.Metadata.UploadsOf(ctx, q.Asset)
	if err != nil {
		return Page{}, err
	}
	page, begun := Page{Transcodes: []*Status{}}, q.Cursor == ""
	for _, u := range slices.Backward(uploads) {
		if u.Protocol != metadata.ProtocolTranscode || q.Owner != "" && u.Owner != q.Owner {
			continue
		}
		if !begun {
			begun = u.ID == q.Cursor
			continue
		}
		s, err := t.status(u)
		if err != nil {
			return Page{}, err
		}
		if q.State != "" && s.State != q.State {
			continue
		}
		if n := len(page.Transcodes); n == limit {
			page.Next = page.Transcodes[n-1].ID
			return page, nil
		}
		page.Transcodes = append(page.Transcodes, s)
	}
	if !begun {
		return Page{}, problem.Errorf(ErrInvalid, "the cursor %.40q is none of ours", q.Cursor)
	}
	return page, nil
}
