package hls

import (
	"net/http"
	"strings"
)

// headers is what the answers of a handler have in common. The slices are made
// once and shared by all answers, with no room to append to.
type headers struct {
	immutable  []string // Cache-Control of what a revision names
	revalidate []string // Cache-Control of what finds the revision: multivariant playlist, manifest
	cors       bool
}

var (
	nosniff      = []string{"nosniff"}
	anyOrigin    = []string{"*"}
	exposed      = []string{"Accept-Ranges, Content-Encoding, Content-Length, Content-Range, Date, ETag, Retry-After, X-Request-ID"}
	bytesUnit    = []string{"bytes"}
	gzipCoding   = []string{"gzip"}
	varyEncoding = []string{"Accept-Encoding"}
)

func newHeaders(public, noCORS bool) headers {
	who := "private"
	if public {
		who = "public"
	}
	return headers{
		immutable:  []string{who + ", max-age=31536000, immutable"},
		revalidate: []string{who + ", no-cache"},
		cors:       !noCORS,
	}
}

const allowedMethods = "GET, HEAD, OPTIONS"

// crossOrigin lets players on other origins read every answer, errors too. It
// never allows credentials: an answer that depends on a cookie stays unread.
//
// What a page may know besides is only said to a page of another origin: the
// answer is as good without, and smaller.
func (h *headers) crossOrigin(to http.Header, r *http.Request) {
	if !h.cors {
		return
	}
	to["Access-Control-Allow-Origin"] = anyOrigin
	if len(r.Header["Origin"]) > 0 {
		to["Access-Control-Expose-Headers"] = exposed
		to["Timing-Allow-Origin"] = anyOrigin
	}
}

// options answers a preflight, and OPTIONS without one. It says the same of
// every path, whether there is something or not.
func (h *headers) options(w http.ResponseWriter, r *http.Request) {
	h.optionsFor(w, r, allowedMethods)
}

func (h *headers) optionsFor(w http.ResponseWriter, r *http.Request, methods string) {
	to := w.Header()
	to.Set("Allow", methods)
	if h.cors && r.Header.Get("Access-Control-Request-Method") != "" {
		to.Set("Access-Control-Allow-Methods", methods)
		to.Set("Access-Control-Allow-Headers", "Authorization, Cache-Control, If-None-Match, If-Range, Range, *")
		to.Set("Access-Control-Max-Age", "86400")
	}
	w.WriteHeader(http.StatusNoContent)
}

// describe sets what an answer with content or a 304 for it says.
func (h *headers) describe(to http.Header, contentType, etag []string, revisioned bool) {
	to["Content-Type"] = contentType
	to["Etag"] = etag
	to["X-Content-Type-Options"] = nosniff
	if revisioned {
		to["Cache-Control"] = h.immutable
	} else {
		to["Cache-Control"] = h.revalidate
	}
}

// notModified answers 304 where the client has what etag names.
func notModified(w http.ResponseWriter, r *http.Request, etag string) bool {
	for _, have := range r.Header["If-None-Match"] {
		if matches(have, etag) {
			to := w.Header()
			delete(to, "Content-Type")
			delete(to, "Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

// vary adds to what a handler around this one may have set.
func vary(to http.Header) {
	if _, ok := to["Vary"]; ok {
		to.Add("Vary", varyEncoding[0])
		return
	}
	to["Vary"] = varyEncoding
}

// rangeOf returns what of a body the request wants. A range is only looked at
// where If-Range, if there is one, names this very body: by its ETag, since
// there is no Last-Modified that a date could match.
func rangeOf(r *http.Request, etag string, size int64) (byteRange, bool, error) {
	want := r.Header.Get("Range")
	if want == "" || r.Method != http.MethodGet {
		return byteRange{0, size}, false, nil
	}
	if condition := strings.TrimSpace(r.Header.Get("If-Range")); condition != "" && condition != etag {
		return byteRange{0, size}, false, nil
	}
	return parseRange(want, size)
}
