package transcode

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/storage"
)

// heard is how much of a stream of sound is there: a file in pieces, one after the
// other, that grows until the part is done.
type heard struct {
	By     string        `json:"by"`     // who made it: a part of the keys of pieces
	Pieces int           `json:"pieces"` // so many
	Until  time.Duration `json:"until"`  // what begins before is there, in time of the source
}

// soundKey is where a piece of sound lies.
func soundKey(w *work, stream int, by string, piece int) string {
	return partKey(w.upload, partSound(stream), by, strconv.Itoa(piece))
}

// hears reports whether the sound of a chunk is there; of the last that is all.
func (r *record) hears(chunks []Chunk, at int) bool {
	for _, s := range r.Sounds {
		part := partSound(s)
		switch {
		case r.Parts[part] != "":
		case at < len(chunks) && chunks[at].End > 0 && r.Heard[part].Until >= chunks[at].End:
		default:
			return false
		}
	}
	return true
}

// soundOf opens the sound, as far as it is there. Call done after, whatever it returns.
func (t *Transcoder) soundOf(ctx context.Context, w *work, p *Plan) (list []Sound, done func(), err error) {
	var open []storage.Blob
	done = func() {
		for _, b := range open {
			_ = b.Close() // it was only read
		}
	}
	for i := range p.Audio {
		a := &p.Audio[i]
		if !slices.Contains(w.Sounds, a.Stream) {
			continue // it was left out
		}
		part := partSound(a.Stream)
		there, file := w.Heard[part], &pieced{}
		for n := range there.Pieces {
			blob, err := t.Files.Open(ctx, soundKey(w, a.Stream, there.By, n))
			if err != nil {
				return nil, done, fmt.Errorf("transcode: opening piece %d of %s: %w", n, part, err)
			}
			open = append(open, blob)
			file.add(blob, blob.Info().Size)
		}
		size := file.size()
		list = append(list, Sound{Part: Part{t.ahead(file, size, soundBlock), size}, ID: a.ID, Language: letters(a.Language), More: w.Parts[part] == ""})
	}
	return list, done, nil
}

// sameSound reports whether sound is of the runs that it was of.
func sameSound(now, was map[string]heard) bool {
	for part, h := range was {
		if now[part].By != h.By {
			return false
		}
	}
	return true
}

// pieced is a file that lies in pieces, one after the other.
type pieced struct {
	files []io.ReaderAt
	ends  []int64
}

func (p *pieced) add(file io.ReaderAt, size int64) {
	p.files, p.ends = append(p.files, file), append(p.ends, p.size()+size)
}

func (p *pieced) size() int64 {
	if len(p.ends) == 0 {
		return 0
	}
	return p.ends[len(p.ends)-1]
}

// ReadAt reads over the bounds of pieces.
func (p *pieced) ReadAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		i := sort.Search(len(p.ends), func(i int) bool { return p.ends[i] > at })
		if i == len(p.ends) {
			return n, io.EOF
		}
		begins := int64(0)
		if i > 0 {
			begins = p.ends[i-1]
		}
		want := b[n:min(int64(len(b)), int64(n)+p.ends[i]-at)]
		read, err := p.files[i].ReadAt(want, at-begins)
		n, at = n+read, at+int64(read)
		if read < len(want) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
	}
	return n, nil
}
