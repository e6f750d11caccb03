package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// locate reads a file group by group from a place on, up to which all is good,
// and finds the first line that is not.
func (v *verifier) locate(f source, at position) error {
	r, err := f.open()
	if err != nil {
		return fmt.Errorf("audit: verifying: %w", err)
	}
	defer func() { _ = r.Close() }() // nothing was written by it
	if _, err := r.Seek(at.offset, io.SeekStart); err != nil {
		return fmt.Errorf("audit: verifying %s: %w", f.name, err)
	}
	groups := groupReader{r: bufio.NewReaderSize(r, 64<<10), at: at}
	for {
		g, err := groups.next()
		if errors.Is(err, io.EOF) {
			v.lines = groups.at.line - 1
			return nil
		}
		if err != nil {
			return fmt.Errorf("audit: verifying %s: %w", f.name, err)
		}
		s, line, what := v.inspect(&g)
		if what == "" {
			v.take(s)
			continue
		}
		bad := &TamperedError{f.name, line, what}
		if g.at.offset == 0 && v.tail != nil {
			return v.tail.err // what is wrong before this file is the first
		}
		return v.judge(f, &g, &groups, bad)
	}
}

// inspect says which line of a group is wrong and why; "" for nothing.
func (v *verifier) inspect(g *rawGroup) (_ *span, line int, what string) {
	if g.seal == nil {
		return nil, g.at.line, "no seal follows"
	}
	one, err := parseSeal(g.seal)
	sealLine := g.at.line + g.lines
	if err != nil {
		return nil, sealLine, err.Error()
	}
	if !verifySeal(g.seal, v.keys) {
		return nil, sealLine, "the seal is not signed by any of the keys that were given: they are another log's, or it was changed or forged, with or without the lines before it"
	}
	newFile := g.at.offset == 0
	what = v.follows(&one, newFile)
	if what != "" && !(newFile && one.abandoned && v.rewind(&one)) {
		return nil, g.at.line, what
	}
	if one.count != g.lines || one.digest != sha256.Sum256(g.data) {
		i, what := differs(g, &one)
		return nil, g.at.line + i, what
	}
	s := checkSpan(append(g.data, g.seal...), v.keys, v.wanted)
	if !s.good {
		return nil, g.at.line, "it is not what its seal says"
	}
	return &s, 0, ""
}

// differs finds the first line of a group that is not the one that was sealed,
// by the hash of each line that the seal has.
func differs(g *rawGroup, s *seal) (int, string) {
	if s.count == 1 {
		if g.lines == 0 {
			return 0, fmt.Sprintf("event %d is missing before it", s.first)
		}
		return 0, fmt.Sprintf("it is not event %d as it was sealed", s.first)
	}
	marks := make([]string, 0, g.lines)
	for line := range bytes.Lines(g.data) {
		h := sha256.Sum256(line)
		marks = append(marks, string(h[:markSize]))
	}
	want := func(i int) string {
		if i >= s.count {
			return ""
		}
		return string(s.marks[i*markSize : (i+1)*markSize])
	}
	for i := range max(len(marks), s.count) {
		event := s.first + uint64(i)
		switch {
		case i >= len(marks):
			return i, fmt.Sprintf("event %d is missing before it", event)
		case marks[i] == want(i):
			continue
		case i >= s.count, i+1 < len(marks) && marks[i+1] == want(i):
			return i, "the line was inserted, or is in the wrong place"
		case marks[i] == want(i+1):
			return i, fmt.Sprintf("event %d is missing before it, or is in the wrong place", event)
		default:
			return i, fmt.Sprintf("it is not event %d as it was sealed", event)
		}
	}
	return 0, "the lines are not those that were sealed"
}

// judge decides what an end that is bad means: a crash leaves lines without a
// seal, and zeros where a page was not written; but nothing that a later seal
// says was on the disk already.
func (v *verifier) judge(f source, g *rawGroup, rest *groupReader, bad *TamperedError) error {
	t := &tail{err: bad}
	if g.seal == nil && !g.more || bytes.IndexByte(g.data, 0) >= 0 || bytes.IndexByte(g.seal, 0) >= 0 {
		t.torn = &Torn{File: f.name, Line: g.at.line, offset: g.at.offset}
	}
	expected := v.next()
	suspect := func(line []byte) {
		s, err := parseSeal(line)
		if err != nil || !verifySeal(line, v.keys) {
			return
		}
		if expected == 0 {
			expected = s.synced + 1
		}
		if s.synced >= expected {
			t.torn = nil
		}
	}
	suspect(g.seal)
	for {
		line, err := rest.sealLine()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("audit: verifying %s: %w", f.name, err)
		}
		suspect(line)
	}
	t.lines = max(1, rest.at.line-g.at.line)
	if t.torn != nil {
		t.torn.Bytes = rest.at.offset - g.at.offset
	}
	v.tail, v.lines = t, g.at.line-1
	return nil
}

// next is the number of the next seal; 0 where it is not known.
func (v *verifier) next() uint64 {
	if v.end == nil {
		return 0
	}
	return v.end.seal.number + 1
}
