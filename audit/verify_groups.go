package audit

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// groupReader reads groups one after the other, with bounded memory whatever it reads.
type groupReader struct {
	r  *bufio.Reader
	at position // behind what was read
}

// rawGroup is a group as it stands in a file.
type rawGroup struct {
	at    position
	data  []byte // its lines
	lines int
	seal  []byte // the line of its seal; nil where the file ends before, or a group must
	more  bool   // it is not the end of the file, but too long
}

// next returns io.EOF at the end of the file.
func (r *groupReader) next() (rawGroup, error) {
	g := rawGroup{at: r.at}
	for {
		piece, err := r.piece()
		if errors.Is(err, io.EOF) && len(g.data) > 0 {
			return g, nil
		}
		if err != nil {
			return g, err
		}
		begins := len(g.data) == 0 || g.data[len(g.data)-1] == '\n'
		if begins && isSeal(piece) && piece[len(piece)-1] == '\n' {
			g.seal = bytes.Clone(piece)
			return g, nil
		}
		g.data = append(g.data, piece...)
		if piece[len(piece)-1] == '\n' {
			g.lines++
		}
		if len(g.data) > maxGroup {
			g.more = true
			return g, nil
		}
	}
}

// piece is a line, or part of one that is long or has no end.
func (r *groupReader) piece() ([]byte, error) {
	piece, err := r.r.ReadSlice('\n')
	if len(piece) == 0 {
		return nil, err
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	r.at.offset += int64(len(piece))
	if piece[len(piece)-1] == '\n' {
		r.at.line++
	}
	return piece, nil
}

// sealLine returns the next line that could be a seal, io.EOF at the end.
func (r *groupReader) sealLine() ([]byte, error) {
	for begins := true; ; {
		piece, err := r.piece()
		if err != nil {
			return nil, err
		}
		whole := piece[len(piece)-1] == '\n'
		if begins && whole && isSeal(piece) {
			return piece, nil
		}
		begins = whole
	}
}
