package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	blockSize = 4 << 20 // bytes read at a time; more than a group and its seal
	maxGroup  = maxGroupBytes + 2*maxEncoded
)

// block is a run of whole groups, or the end of a file that is none.
type block struct {
	data   []byte
	room   []byte // data's, to use again
	whole  bool   // it ends with a seal
	result chan span
}

// file verifies one file: its blocks in parallel, and their order one after the
// other. From the first block in which something is wrong on, it reads again, slowly.
func (v *verifier) file(ctx context.Context, f source) error {
	r, err := f.open()
	if err != nil {
		return fmt.Errorf("audit: verifying: %w", err)
	}
	defer func() { _ = r.Close() }() // nothing was written by it
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, err := newPipeline(v, r)
	if err != nil {
		return fmt.Errorf("audit: verifying %s: %w", f.name, err)
	}
	defer p.wait()
	defer cancel() // before waiting
	p.start(ctx)

	at := position{line: 1}
	for b := range p.ordered {
		good := false
		if b.whole {
			s := <-b.result
			if good = s.good && v.follows(&s.first, at.offset == 0) == ""; good {
				v.take(&s)
				at.line += s.lines
				at.offset += int64(len(b.data))
			}
		}
		p.recycle(b)
		if !good {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("audit: verifying %s: %w", f.name, err)
			}
			cancel()
			return v.locate(f, at)
		}
	}
	v.lines = at.line - 1
	return p.failure(f.name)
}

// position is a place in a file where a group begins.
type position struct {
	offset int64
	line   int
}

// take counts what is good.
func (v *verifier) take(s *span) {
	if v.end == nil {
		v.report.First = checkpointOf(&s.first, s.firstLine)
	}
	v.end = &goodSeal{s.last, s.lastHash, s.lastLine}
	v.tail = nil
	v.report.Seals += s.seals
	v.report.Events += s.events
	v.report.Bytes += s.bytes
	for _, c := range s.found {
		c.found = true
	}
}

// split reads blocks that end with a seal, until the end or something that is
// none of ours.
func split(r io.Reader, get func() []byte, emit func(block) bool) error {
	carry := []byte(nil)
	for {
		room := get()
		n := copy(room, carry)
		m, err := io.ReadFull(r, room[n:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		n += m
		cut := lastSealEnd(room[:n])
		carry = append([]byte(nil), room[cut:n]...)
		if cut > 0 && !emit(block{data: room[:cut], room: room, whole: true}) {
			return nil
		}
		if ended := err != nil; ended || len(carry) > maxGroup {
			if len(carry) > 0 {
				emit(block{data: carry})
			}
			return nil
		}
	}
}

// lastSealEnd is where the last whole seal in data ends; 0 where there is none.
func lastSealEnd(data []byte) int {
	for end := len(data); ; {
		end = bytes.LastIndexByte(data[:end], '\n')
		if end < 0 {
			return 0
		}
		begin := bytes.LastIndexByte(data[:end], '\n') + 1
		if isSeal(data[begin:]) {
			return end + 1
		}
	}
}

func isSeal(line []byte) bool {
	return len(line) >= len(sealStart) && string(line[:len(sealStart)]) == sealStart
}
