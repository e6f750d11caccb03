package endpoint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// WriteJSON answers with v, of a HEAD with its headers alone. It returns an error
// before anything is written, or none.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // it is never sniffed
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // a client that is gone needs no answer
	}
	return nil
}

// Location is the address of what lies below the address of the request, relative to
// that, as the client wrote it, whatever was stripped of it on the way here. id has
// no characters that need to be escaped.
func Location(r *http.Request, id string) string {
	p := r.URL.EscapedPath()
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		p = u.EscapedPath()
	}
	if p == "" || strings.HasSuffix(p, "/") {
		return "./" + id
	}
	return "./" + path.Base(p) + "/" + id
}
