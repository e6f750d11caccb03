package audit

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

const (
	defaultLimit   = 50
	maxLimit       = 1000
	defaultMaxScan = 256 << 20
)

// Query is what to look for. Fields that are zero match everything; text has to
// be equal.
type Query struct {
	Since, Until       time.Time // from Since on, before Until
	Actor, Action      string
	Address, Resource  string
	Outcome            Outcome
	RequestID, TraceID string
	Before             uint64 // events with a lower number only: the Next of a Page before
	Limit              int    // events of a page, at most 1,000. Default: 50
	MaxScan            int64  // bytes to read at most, 1 MiB or more. Default: 256 MiB
}

// Page is part of an answer.
type Page struct {
	Entries []Entry  // newest first
	Lines   [][]byte // the line of each, without its line feed
	Next    uint64   // Before of the next page; 0 where there is none
}

// Search reads the files backwards from their durable end and returns what
// matches, newest first. It ends at events that were written before q.Since; what
// says to have happened later than it was written may be missing then. When
// MaxScan is read before the page is full, the page is short and has a Next. It
// may run beside the writer, and takes nothing from it.
func (f *File) Search(ctx context.Context, q Query) (*Page, error) {
	f.mu.Lock()
	shown, closed := f.shown, f.closed
	f.mu.Unlock()
	if closed {
		return nil, errClosed
	}
	numbers, err := fileNumbers(f.fs)
	if err != nil {
		return nil, fmt.Errorf("audit: searching %s: %w", f.dir, err)
	}
	s := newSearch(q)
	for i := len(numbers) - 1; i >= 0 && !s.done; i-- {
		if numbers[i] > shown.file {
			continue // it has nothing durable yet
		}
		limit := int64(-1)
		if numbers[i] == shown.file {
			limit = shown.size
		}
		if err := s.file(ctx, f.fs, fileName(numbers[i]), limit); err != nil {
			return nil, fmt.Errorf("audit: searching %s: %w", f.dir, err)
		}
	}
	return &s.page, nil
}

// search is one run of a Query.
type search struct {
	q       Query
	needles [][]byte
	page    Page
	scanned int64
	lowest  uint64 // number of the last event that was seen
	done    bool
}

func newSearch(q Query) *search {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	q.Limit = min(q.Limit, maxLimit)
	if q.MaxScan <= 0 {
		q.MaxScan = defaultMaxScan
	}
	q.MaxScan = max(q.MaxScan, 4*searchBlock)
	s := &search{q: q}
	for _, f := range [...]struct{ name, value string }{
		{`,"actor":`, q.Actor},
		{`,"address":`, q.Address},
		{`,"action":`, q.Action},
		{`,"resource":`, q.Resource},
		{`,"outcome":`, string(q.Outcome)},
		{`,"request_id":`, q.RequestID},
		{`,"trace_id":`, q.TraceID},
	} {
		if f.value != "" {
			s.needles = append(s.needles, appendField(nil, f.name, f.value))
		}
	}
	return s
}

// line looks at a line, the newest first.
func (s *search) line(line []byte) {
	if isSeal(line) {
		if one, err := parseSeal(append(bytes.Clone(line), '\n')); err == nil && !s.q.Since.IsZero() && one.time.Before(s.q.Since) {
			s.done = true
		}
		return
	}
	s.lowest = seqOf(line, s.lowest)
	for _, n := range s.needles {
		if !bytes.Contains(line, n) {
			return
		}
	}
	e, err := ParseEntry(line)
	if err != nil || !s.matches(&e) {
		return // what is damaged is for Verify to find
	}
	if len(s.page.Entries) == s.q.Limit { // one more than fits
		s.page.Next = s.page.Entries[s.q.Limit-1].Seq
		s.done = true
		return
	}
	s.page.Entries = append(s.page.Entries, e)
	s.page.Lines = append(s.page.Lines, bytes.Clone(line))
}

// seqOf is the number that a line begins with, or what it was before.
func seqOf(line []byte, before uint64) uint64 {
	p := sealReader{rest: line}
	if n := p.number(`{"seq":`); !p.bad {
		return n
	}
	return before
}

// matches decides; the needles have only left out what cannot match. Values are
// compared as they are in the line, cut where they were too long.
func (s *search) matches(e *Entry) bool {
	q := &s.q
	switch {
	case q.Before > 0 && e.Seq >= q.Before,
		!q.Since.IsZero() && e.Time.Before(q.Since),
		!q.Until.IsZero() && !e.Time.Before(q.Until):
		return false
	}
	for _, f := range [...]struct{ want, have string }{
		{q.Actor, e.Actor},
		{q.Address, e.Address},
		{q.Action, e.Action},
		{q.Resource, e.Resource},
		{string(q.Outcome), string(e.Outcome)},
		{q.RequestID, e.RequestID},
		{q.TraceID, e.TraceID},
	} {
		if f.want != "" && len(f.want) <= maxField && f.want != f.have {
			return false
		}
	}
	return true
}
