package hls

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

// The names of a file as it came, at the end of paths.
const (
	sourceName   = "source"   // below a revision
	downloadName = "download" // finds it
)

// redirect answers with where the file as it came is, as seen from downloadName.
func (p *player) redirect(w http.ResponseWriter, of *presentation) error {
	if !p.downloads {
		return errPath
	}
	to := w.Header()
	to["Cache-Control"] = p.revalidate
	to["Location"] = []string{of.source().revision + "/" + sourceName}
	w.WriteHeader(http.StatusTemporaryRedirect)
	return nil
}

// sendSource sends a file as it came, or a range of it, to be kept under name.
func (p *player) sendSource(w http.ResponseWriter, r *http.Request, of *mediaFile, name string) error {
	if !p.downloads {
		return errPath
	}
	etag := `"` + of.revision + `-source"`
	p.describe(w.Header(), nil, []string{etag}, true)
	if notModified(w, r, etag) {
		return nil
	}
	want, partial, err := limit(w, r, etag, of.index.Size)
	if err != nil {
		return err
	}
	src, err := p.openSource(r.Context(), of)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // it was only read
	kind, err := sniff(src)
	if err != nil {
		return err
	}
	to := w.Header()
	to["Content-Type"] = []string{string(kind)}
	to["Content-Disposition"] = []string{attachment(fileNameFor(name, kind))}
	if !partial {
		to["Content-Length"] = []string{strconv.FormatInt(of.index.Size, 10)}
	}
	if r.Method == http.MethodHead {
		return nil
	}
	b := newBody()
	defer b.release()
	b.ctx, b.source, b.file = r.Context(), src.ReaderAt, src.file
	b.room = append(b.room[:0], run{0, of.index.Size})
	b.runs = b.room
	if partial {
		b.cut(want)
		w.WriteHeader(http.StatusPartialContent)
	}
	p.sendBody(w, r, b, "the source")
	return nil
}

// sniff tells the type of a file by its content, so that it is none that a
// browser would run, whatever its name is.
func sniff(src source) (media.Type, error) {
	head := make([]byte, min(src.size, media.SniffLen))
	if n, err := src.ReadAt(head, 0); n < len(head) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return "", problem.Because(problem.ErrInternal, err, "the file cannot be read")
	}
	kind, ok := media.Sniff(head)
	if !ok {
		kind = "application/octet-stream"
	}
	return kind, nil
}
