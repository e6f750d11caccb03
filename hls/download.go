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
	settledName  = "settled"  // below a revision, where the file as it came is not kept
	downloadName = "download" // finds it
)

// redirect answers with where the file as it came is, as seen from downloadName;
// or the settled one, which has other bytes and so another address.
func (p *player) redirect(w http.ResponseWriter, of *presentation, t target) error {
	if !p.downloads {
		return errPath
	}
	to := w.Header()
	to["Cache-Control"] = p.revalidate
	name := sourceName
	if t.gone {
		name = settledName
	}
	to["Location"] = []string{of.source().revision + "/" + name}
	w.WriteHeader(http.StatusTemporaryRedirect)
	return nil
}

// sendDownload sends the file of a revision, where it is kept.
func (p *player) sendDownload(w http.ResponseWriter, r *http.Request, of *presentation, file *mediaFile, t target) error {
	settled := t.what == settledSource
	switch isSource := file == of.source(); {
	case !p.downloads, settled && !(isSource && t.gone):
		return errPath
	case !settled && (isSource && t.gone || file.gone):
		return problem.Errorf(ErrNotFound, "the file as it came is not kept; load …/%s again", downloadName)
	case !settled && isSource && t.came != nil:
		file = t.came
	case !settled && file.came != nil:
		file = file.came
	}
	if settled {
		return p.sendSource(w, r, file, settledName, t.keepAs)
	}
	return p.sendSource(w, r, file, sourceName, t.keepAs)
}

// sendSource sends a file as it is, or a range of it, to be kept under name.
func (p *player) sendSource(w http.ResponseWriter, r *http.Request, of *mediaFile, as, name string) error {
	etag := `"` + of.revision + "-" + as + `"`
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
	b.from(r.Context(), src)
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
