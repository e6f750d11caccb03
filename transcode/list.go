package transcode

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// List is a page of transcodes, newest first; see Options.Retention. ErrInvalid
// for a Limit out of range, and for a Cursor that is damaged or of another list.
func (t *Transcoder) List(ctx context.Context, q Query) (Page, error) {
	limit := cmp.Or(q.Limit, defaultLimit)
	if limit < 1 || limit > maxLimit {
		return Page{}, problem.Errorf(ErrInvalid, "limit is %d; it goes from 1 to %d", limit, maxLimit)
	}
	if q.Asset != "" {
		return t.listOf(ctx, q, limit)
	}
	before, id, ok := parseCursor(q.Cursor)
	if !ok {
		return Page{}, errCursor(q)
	}
	uploads, err := t.Metadata.Transcodes(ctx, metadata.TranscodeQuery{Owner: q.Owner, Before: before, BeforeID: id, Limit: limit + 1})
	if err != nil {
		return Page{}, err
	}
	page := Page{Transcodes: []*Status{}}
	if len(uploads) > limit {
		uploads = uploads[:limit]
		page.Next = cursorOf(uploads[limit-1])
	}
	for _, u := range uploads {
		s, err := t.status(u)
		if err != nil {
			return Page{}, err
		}
		if q.State == "" || s.State == q.State {
			page.Transcodes = append(page.Transcodes, s)
		}
	}
	return page, nil
}

// cursorOf is a place in the list of all: behind a transcode.
func cursorOf(u *metadata.Upload) string {
	return strconv.FormatInt(u.CreatedAt.UnixMicro(), 10) + "." + u.ID
}

func parseCursor(cursor string) (before time.Time, id string, ok bool) {
	if cursor == "" {
		return before, "", true
	}
	moment, id, ok := strings.Cut(cursor, ".")
	n, err := strconv.ParseInt(moment, 10, 64)
	return time.UnixMicro(n), id, ok && err == nil && metadata.IsID(id)
}

func errCursor(q Query) error {
	return problem.Errorf(ErrInvalid, "the cursor %.40q is none of ours", q.Cursor)
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
func (t *Transcoder) listOf(ctx context.Context, q Query, limit int) (Page, error) {
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
		return Page{}, errCursor(q)
	}
	return page, nil
}
