package transcode

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/streamgate/streamgate/storage"
)

// A readahead reads what lies elsewhere in blocks and keeps a few: a file that is read
// from its beginning to its end in small pieces, with looks at what comes later, is
// asked for once and in few requests, and never lies in memory as a whole.
type readahead struct {
	from  io.ReaderAt
	size  int64
	block int64 // bytes

	mu     sync.Mutex
	blocks []block
}

type block struct {
	number int64
	bytes  []byte
}

const (
	// pictureBlock and soundBlock are how much is asked for at once: sound is read a
	// little at a time, and of several streams.
	pictureBlock = 4 << 20
	soundBlock   = 512 << 10
	// keptBlocks bounds the memory of one file.
	keptBlocks = 4
)

// ahead reads something of the store: in blocks of so many bytes where it has no files.
func (t *Transcoder) ahead(from io.ReaderAt, size, block int64) io.ReaderAt {
	if _, local := t.Files.(storage.FileOpener); local {
		return from
	}
	return &readahead{from: from, size: size, block: block}
}

func (r *readahead) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("transcode: reading before the beginning of a file")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		at := off + int64(n)
		if at >= r.size {
			return n, io.EOF
		}
		b, err := r.get(at / r.block)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b[at%r.block:])
	}
	return n, nil
}

// get returns a block, of the last one what there is.
func (r *readahead) get(number int64) ([]byte, error) {
	if i := slices.IndexFunc(r.blocks, func(b block) bool { return b.number == number }); i >= 0 {
		return r.blocks[i].bytes, nil
	}
	b := block{number, make([]byte, min(r.block, r.size-number*r.block))}
	if n, err := r.from.ReadAt(b.bytes, number*r.block); n < len(b.bytes) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if len(r.blocks) == keptBlocks { // what is first in the file is done with first
		slices.SortFunc(r.blocks, func(a, b block) int { return cmp.Compare(a.number, b.number) })
		r.blocks = slices.Delete(r.blocks, 0, 1)
	}
	r.blocks = append(r.blocks, b)
	return b.bytes, nil
}
