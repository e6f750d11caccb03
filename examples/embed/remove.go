package main

import (
	"net/http"
	"net/url"
)

// remove turns a form, which cannot send DELETE, into the request that the Gate
// knows. It is the Gate that asks whose the video is.
func (a *app) remove(w http.ResponseWriter, r *http.Request) {
	ask := r.Clone(r.Context())
	ask.Method = http.MethodDelete
	ask.URL = &url.URL{Path: "/v1/assets/" + r.PathValue("id")}
	a.gate.ServeHTTP(backHome{w}, ask)
}

// backHome leads to the page, which shows what there is now, unless the Gate failed.
type backHome struct{ http.ResponseWriter }

func (w backHome) WriteHeader(status int) {
	if status < http.StatusInternalServerError {
		w.Header().Set("Location", "/")
		status = http.StatusSeeOther
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w backHome) Unwrap() http.ResponseWriter { return w.ResponseWriter }
