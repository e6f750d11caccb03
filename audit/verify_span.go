package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
)

// span is what a run of whole groups is, if it is good in itself.
type span struct {
	good                bool
	first, last         seal
	firstLine, lastLine []byte
	lastHash            sum
	seals, events       uint64
	lines               int
	bytes               int64
	found               []*claim
}

// checkSpan checks groups that follow each other in one file: what is in each of
// them, that they are a chain, and the signature of the last, which by the chain
// is one of all.
func checkSpan(data []byte, keys []ed25519.PublicKey, wanted map[uint64][]*claim) span {
	s := span{bytes: int64(len(data))}
	var end *goodSeal
	begin, count := 0, 0
	for pos := 0; pos < len(data); {
		next := pos + bytes.IndexByte(data[pos:], '\n') + 1 // there is one, see lastSealEnd
		s.lines++
		if !isSeal(data[pos:]) {
			count++
			pos = next
			continue
		}
		line := data[pos:next]
		one, err := parseSeal(line)
		if err != nil || one.count != count || one.digest != sha256.Sum256(data[begin:pos]) {
			return span{}
		}
		if end == nil {
			s.first, s.firstLine = one, bytes.Clone(line)
		} else if follows(end, &one, false) != "" {
			return span{}
		}
		end = &goodSeal{one, sha256.Sum256(line), line}
		for _, c := range wanted[one.number] {
			if c.hash == end.hash {
				s.found = append(s.found, c)
			}
		}
		s.seals++
		s.events += uint64(count)
		begin, count, pos = next, 0, next
	}
	if end == nil || begin != len(data) || !verifySeal(end.line, keys) {
		return span{}
	}
	s.good, s.last, s.lastHash, s.lastLine = true, end.seal, end.hash, bytes.Clone(end.line)
	return s
}

// follows says what is wrong with s as the one after end; "" for nothing.
func follows(end *goodSeal, s *seal, newFile bool) string {
	last := &end.seal
	switch {
	case s.log != last.log:
		return "it belongs to another log"
	case s.number > last.number+1:
		return fmt.Sprintf("the groups of %s are missing before it", numbered(last.number+1, s.number-1))
	case s.number != last.number+1:
		return fmt.Sprintf("the group of seal %d comes again or out of its order, after that of seal %d", s.number, last.number)
	case s.prev != end.hash:
		return fmt.Sprintf("its seal does not continue seal %d as it is here", last.number)
	case s.first != last.next():
		return fmt.Sprintf("it begins with event %d, and event %d is next", s.first, last.next())
	case newFile && s.file <= last.file, !newFile && s.file != last.file:
		return fmt.Sprintf("it belongs into file %d", s.file)
	}
	return ""
}

func numbered(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("seal %d", from)
	}
	return fmt.Sprintf("seals %d to %d", from, to)
}

// follows is follows from where the files before end. The first seal of all may
// be any. What is at the end of the file before without a seal is for rewind.
func (v *verifier) follows(s *seal, newFile bool) string {
	if newFile && v.tail != nil {
		return "the file before it does not end with a seal"
	}
	if v.end == nil {
		if s.number == 1 && !s.begins() {
			return "it says to be the first and is not"
		}
		return ""
	}
	return follows(v.end, s, newFile)
}

// begins says whether a seal is the first of a log.
func (s *seal) begins() bool { return s.number == 1 && s.first == 1 && s.prev == sum{} }
