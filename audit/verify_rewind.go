package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"slices"
)

// rewind goes back to the seal that s continues, when s says that what followed
// it was abandoned: fsync had failed, so nobody knows what of that is there.
func (v *verifier) rewind(s *seal) bool {
	switch {
	case v.end == nil: // there is nothing but a tail
		return s.begins() && v.goOn(nil, v.tailLines())
	case s.log != v.end.seal.log:
		return false
	case s.prev == v.end.hash: // all that was good counts, and the tail does not
		return follows(v.end, s, true) == "" && v.goOn(v.end, v.tailLines())
	}
	abandoned := 0
	for _, f := range slices.Backward(v.before) {
		end, lines := findSeal(f, s.number-1)
		abandoned += lines
		if end != nil {
			return follows(end, s, true) == "" && v.goOn(end, abandoned)
		}
	}
	return s.begins() && v.goOn(nil, abandoned)
}

func (v *verifier) tailLines() int {
	if v.tail == nil {
		return 0
	}
	return v.tail.lines
}

// goOn makes end the last seal, and leaves out what was counted after it.
func (v *verifier) goOn(end *goodSeal, abandoned int) bool {
	v.report.Abandoned += abandoned
	v.tail = nil
	switch {
	case end == nil:
		v.report.Seals, v.report.Events = 0, 0
	case v.end != nil:
		v.report.Seals -= v.end.seal.number - end.seal.number
		v.report.Events -= v.end.seal.next() - end.seal.next()
	}
	v.end = end
	return true
}

// findSeal looks for a seal in a file, and says how many lines follow it.
func findSeal(f source, number uint64) (end *goodSeal, lines int) {
	r, err := f.open()
	if err != nil {
		return nil, 0
	}
	defer func() { _ = r.Close() }() // nothing was written by it
	groups := groupReader{r: bufio.NewReaderSize(r, 64<<10), at: position{line: 1}}
	begin := 1
	for {
		line, err := groups.sealLine()
		if err != nil {
			return end, groups.at.line - begin
		}
		if s, err := parseSeal(line); err == nil && s.number == number {
			line = bytes.Clone(line)
			end = &goodSeal{s, sha256.Sum256(line), line}
			begin = groups.at.line
		}
	}
}
