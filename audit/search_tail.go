package audit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
)

const searchBlock = 256 << 10

// file goes through the lines of a file from its end, or from limit on where that
// is not negative, to its beginning. A file that was removed meanwhile is no error.
func (s *search) file(ctx context.Context, dir fsys, name string, limit int64) error {
	f, err := dir.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written by it
	if limit < 0 {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		limit = info.Size()
	}
	if s.newer(f, limit) {
		return nil
	}
	return s.backwards(ctx, f, limit)
}

// newer says whether all events of a file are too new for the page.
func (s *search) newer(f io.ReaderAt, size int64) bool {
	if s.q.Before == 0 {
		return false
	}
	var room [maxEncoded / 8]byte
	n, _ := f.ReadAt(room[:min(size, int64(len(room)))], 0) // a short read is a short line
	line, _, _ := bytes.Cut(room[:n], []byte("\n"))
	e, err := ParseEntry(line)
	return err == nil && e.Seq >= s.q.Before
}

// backwards reads blocks from end to the beginning and hands on their lines.
func (s *search) backwards(ctx context.Context, f io.ReaderAt, end int64) error {
	var rest []byte // the beginning of a block: the end of a line that begins before it
	block := make([]byte, searchBlock)
	for end > 0 && !s.done {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.scanned >= s.q.MaxScan {
			s.stop()
			return nil
		}
		n := min(end, searchBlock)
		end -= n
		if _, err := f.ReadAt(block[:n], end); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if s.q.Before == 0 || s.lowest < s.q.Before {
			s.scanned += n // of what pages before have read nothing counts, or no page would get beyond it
		}
		data := append(bytes.Clone(block[:n]), rest...)
		from := 0
		if end > 0 {
			from = bytes.IndexByte(data, '\n') + 1
			if from == 0 { // a line longer than a block
				rest = data
				continue
			}
		}
		s.lines(data[from:])
		rest = data[:from]
	}
	return nil
}

// lines hands on whole lines, the last one first.
func (s *search) lines(data []byte) {
	for len(data) > 0 && !s.done {
		data = bytes.TrimSuffix(data, []byte("\n"))
		begin := bytes.LastIndexByte(data, '\n') + 1
		if line := data[begin:]; len(line) > 0 {
			s.line(line)
		}
		data = data[:begin]
	}
}

// stop ends a search that has read enough; the next page goes on from here.
func (s *search) stop() {
	s.done = true
	s.page.Next = s.lowest
}
