package middleware

import (
	"net/http"
	"strings"
)

// exposed is what a page of another origin may read beside the body: what a
// client needs to go on.
const exposed = "Accept-Patch, Content-Range, ETag, Location, RateLimit, RateLimit-Policy, Retry-After, StreamGate-Asset, " +
	"Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, " +
	"Upload-Complete, Upload-Concat, Upload-Draft-Interop-Version, Upload-Expires, Upload-Incomplete, Upload-Length, Upload-Limit, Upload-Metadata, Upload-Offset, X-Request-ID"

// Share lets pages of these origins, and of no others, read the answers to
// requests that carry the user's cookies (CORS, WHATWG Fetch §3.3), and answers
// their preflights. The origins are compared as they are written: there are no
// patterns, and "null" is not one of them.
func Share(origins ...string) func(http.Handler) http.Handler {
	trusted := make(map[string]bool, len(origins))
	for _, o := range origins {
		trusted[o] = o != "null"
	}
	return func(next http.Handler) http.Handler {
		if len(trusted) == 0 {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Add("Vary", "Origin")
			if origin := r.Header.Get("Origin"); trusted[origin] {
				h.Set("Access-Control-Allow-Origin", origin)
				h.Set("Access-Control-Allow-Credentials", "true")
				h.Set("Access-Control-Expose-Headers", exposed)
				if preflight(r) {
					allow(h, r)
					w.WriteHeader(http.StatusNoContent)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// allow lets the page try whatever it wants to: the answer to the request
// itself says what is possible.
func allow(h http.Header, r *http.Request) {
	h.Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
	if asked := r.Header.Values("Access-Control-Request-Headers"); len(asked) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(asked, ", "))
	}
	h.Set("Access-Control-Max-Age", "600")
	h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
}

// AnyOrigin lets pages of every origin read the answer, whoever gives it,
// without credentials. A preflight goes to h at once: it carries no credentials,
// and a player sends one for each address.
func AnyOrigin(h http.Handler) func(http.Handler) http.Handler {
	everyone := []string{"*"}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Access-Control-Allow-Origin"] = everyone[:1:1]
			if preflight(r) {
				h.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
