package transcode

import "io"

// Pieced is a file that lies in pieces, for tests.
func Pieced(files []io.ReaderAt, sizes []int64) (io.ReaderAt, int64) {
	p := &pieced{}
	for i := range files {
		p.add(files[i], sizes[i])
	}
	return p, p.size()
}
