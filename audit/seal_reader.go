package audit

import (
	"bytes"
	"time"
)

// sealReader reads the parts of a seal in their order. What does not fit makes it
// bad, and everything after that reads as zero.
type sealReader struct {
	rest []byte
	bad  bool
}

// has takes text away if it comes next.
func (p *sealReader) has(text string) bool {
	if p.bad || len(p.rest) < len(text) || string(p.rest[:len(text)]) != text {
		return false
	}
	p.rest = p.rest[len(text):]
	return true
}

func (p *sealReader) literal(text string) {
	if !p.has(text) {
		p.bad = true
	}
}

// number reads a decimal without zeros before it.
func (p *sealReader) number(before string) uint64 {
	p.literal(before)
	var n uint64
	i := 0
	for ; !p.bad && i < len(p.rest) && '0' <= p.rest[i] && p.rest[i] <= '9'; i++ {
		if i == 18 || i > 0 && p.rest[0] == '0' {
			p.bad = true
		}
		n = n*10 + uint64(p.rest[i]-'0')
	}
	if i == 0 {
		p.bad = true
	}
	if p.bad {
		return 0
	}
	p.rest = p.rest[i:]
	return n
}

// bytes reads base64url that fills dst.
func (p *sealReader) bytes(before string, dst []byte) {
	p.literal(before)
	size := b64.EncodedLen(len(dst))
	if p.bad || len(p.rest) < size {
		p.bad = true
		return
	}
	if n, err := b64.Decode(dst, p.rest[:size]); err != nil || n != len(dst) {
		p.bad = true
		return
	}
	p.rest = p.rest[size:]
}

func (p *sealReader) time(before string) time.Time {
	p.literal(before)
	end := bytes.IndexByte(p.rest, '"')
	if p.bad || end < 0 || end > len(time.RFC3339Nano) {
		p.bad = true
		return time.Time{}
	}
	var t time.Time
	if err := t.UnmarshalText(p.rest[:end]); err != nil {
		p.bad = true
	}
	p.rest = p.rest[end:]
	return t
}
