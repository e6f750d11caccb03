package hls

import (
	"net/http"
	"strconv"

	"github.com/streamgate/streamgate/internal/problem"
)

// A player answers requests from presentations; where these come from is the
// affair of Server and Folder.
type player struct {
	headers
	opener
	downloads bool // of files as they came
	mpegts    bool // transport streams, too
	cache     Cache
}

// begin answers what needs no presentation. It reports whether that was all.
func (p *player) begin(w http.ResponseWriter, r *http.Request) (done bool) {
	p.crossOrigin(w.Header(), r)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return false
	case http.MethodOptions:
		p.options(w, r)
	default:
		problem.Method(w, r, http.MethodGet, http.MethodHead, http.MethodOptions)
	}
	return true
}

// serve answers with what t names. An error is to be answered by the caller:
// nothing was sent yet.
func (p *player) serve(w http.ResponseWriter, r *http.Request, of *presentation, t target) error {
	if of.open() && p.needsWhole(t.what) {
		return notReady("it is still arriving, and this is there once it is complete; " + multivariantName + " plays already")
	}
	switch t.what {
	case multivariant:
		return p.sendDocument(w, r, &of.master, false)
	case dashManifest:
		return p.sendDocument(w, r, &of.manifest, false)
	case transportMultivariant:
		return p.sendTransport(w, r, of, nil)
	case download:
		return p.redirect(w, of, t)
	case posterImage:
		return errPath // only assets have some
	case contentKey, keyLicense:
		return errPath // they have a gate of their own, which not every player has
	}
	file := of.file(t.revision)
	if file == nil {
		return problem.Errorf(ErrNotFound, "there is no revision %q, or no more; load %s again", t.revision, multivariantName)
	}
	if t.what == original || t.what == settledSource {
		return p.sendDownload(w, r, of, file, t)
	}
	if t.kind == embeddedKind {
		return p.serveText(w, r, of, file, t)
	}
	from := of.find(t.revision, t.kind, t.track)
	if from == nil {
		return problem.Errorf(ErrNotFound, "there is no such track")
	}
	if t.what == transportPlaylist || t.what == transportSegment {
		return p.serveTransport(w, r, of, from, t)
	}
	if t.what == iframePlaylist || t.what == iframeSegment {
		if from = from.iframes; from == nil {
			return problem.Errorf(ErrNotFound, "there are no I-frames of this track")
		}
	}
	switch t.what {
	case mediaPlaylist, iframePlaylist:
		return p.sendDocument(w, r, &from.playlist, !of.open())
	case initialization:
		return p.sendInit(w, r, from, t.segment)
	case mediaSegment, iframeSegment:
		if t.segment >= len(from.Segments) {
			return problem.Errorf(ErrNotFound, "there is no segment %d; the last one is %d", t.segment, len(from.Segments)-1)
		}
		return p.sendSegment(w, r, from, t.segment)
	}
	return ErrNotFound
}

// sendDocument sends a playlist or init segment from memory.
func (p *player) sendDocument(w http.ResponseWriter, r *http.Request, d *document, revisioned bool) error {
	to := w.Header()
	e := d.identity()
	if d.gzip != nil {
		vary(to)
		if accepts := r.Header["Accept-Encoding"]; len(accepts) > 0 && acceptsGzip(accepts[0]) {
			if z := d.gzip(); len(z.body) < len(e.body) {
				e = z
				to["Content-Encoding"] = gzipCoding
			}
		}
	}
	p.describe(to, d.contentType, e.etag, revisioned)
	if notModified(w, r, e.etag[0]) {
		return nil
	}
	body := e.body
	to["Content-Length"] = e.length
	if d.gzip == nil { // a playlist is taken whole: there is nothing to resume
		want, partial, err := limit(w, r, e.etag[0], int64(len(body)))
		if err != nil {
			return err
		}
		if partial {
			body = body[want.start : want.start+want.length]
			w.WriteHeader(http.StatusPartialContent)
		}
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client that is gone needs no answer
	}
	return nil
}

// limit finds the range that is wanted of size bytes, and sets the headers that
// it and its refusal have.
func limit(w http.ResponseWriter, r *http.Request, etag string, size int64) (want byteRange, partial bool, err error) {
	want, partial, err = rangeOf(r, etag, size)
	to := w.Header()
	to["Accept-Ranges"] = bytesUnit
	switch {
	case err != nil:
		to["Content-Range"] = []string{"bytes */" + strconv.FormatInt(size, 10)}
		return want, false, problem.Errorf(err, "this is %d bytes long", size)
	case partial:
		to["Content-Range"] = []string{want.contentRange(size)}
		to["Content-Length"] = []string{strconv.FormatInt(want.length, 10)}
	}
	return want, partial, nil
}

// errPath is the answer to a path that no playlist leads to.
var errPath = problem.Errorf(ErrNotFound, "nothing is here; playback begins at …/%s", multivariantName)

// fail answers with err.
func (p *player) fail(w http.ResponseWriter, r *http.Request, err error) {
	delete(w.Header(), "Accept-Ranges")
	problem.Write(w, r, err)
}
