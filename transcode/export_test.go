package transcode

import (
	"io"
	"time"
)

// LookAgain has the next Recover be that of an hour later.
func (t *Transcoder) LookAgain() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.quiet = time.Time{}
}

// Pieced is a file that lies in pieces, for tests.
func Pieced(files []io.ReaderAt, sizes []int64) (io.ReaderAt, int64) {
	p := &pieced{}
	for i := range files {
		p.add(files[i], sizes[i])
	}
	return p, p.size()
}
