package upload

import (
	"net/http"
	"net/url"
	"strings"
)

// location returns the URI reference of an upload for the answer to a creation.
// It is relative to the URL that the client asked for, so it holds under any
// mount and behind a proxy that strips or adds a prefix: for a request to
// ".../uploads" it is "uploads/{id}", for one to ".../uploads/" it is "{id}".
//
// The last element is read from RequestURI: a StripPrefix before us has taken
// it out of the URL.
func (up *Uploader) location(r *http.Request, id string) string {
	if up.o.BaseURL != "" {
		return strings.TrimSuffix(up.o.BaseURL, "/") + "/" + id
	}
	last := lastElement(r)
	if last == "" {
		return id
	}
	return (&url.URL{Path: last + "/" + id}).String() // a colon in it gets "./" before
}

func lastElement(r *http.Request) string {
	asked := r.URL
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		asked = u
	}
	return asked.Path[strings.LastIndexByte(asked.Path, '/')+1:]
}
