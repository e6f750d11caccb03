package metadata_test

import (
	"net/http"
	"testing"
)

func TestPreconditions(t *testing.T) {
	for _, c := range []struct {
		name, method string
		match, none  []string // If-Match, If-None-Match
		status       int
	}{
		{"the version there is", "PATCH", []string{`"1"`}, nil, 200},
		{"another version", "PATCH", []string{`"2"`}, nil, 412},
		{"any version", "PATCH", []string{`*`}, nil, 200},
		{"a list with the version", "PATCH", []string{`"7", "1" ,"8"`}, nil, 200},
		{"a list in several lines", "PATCH", []string{`"7"`, `"1"`}, nil, 200},
		{"a list without it", "PATCH", []string{`"7","11"`}, nil, 412},
		{"a comma in a tag", "PATCH", []string{`"x,", "1"`}, nil, 200},
		{"empty elements", "PATCH", []string{`, ,"1",,`}, nil, 200},
		{"a weak tag never matches strongly", "PATCH", []string{`W/"1"`}, nil, 412},
		{"an empty list names nothing", "PATCH", []string{``}, nil, 412},
		{"no quotes", "PATCH", []string{`1`}, nil, 400},
		{"half a tag", "PATCH", []string{`"1`}, nil, 400},
		{"no comma", "PATCH", []string{`"1" "2"`}, nil, 400},
		{"If-None-Match excludes the version", "PATCH", nil, []string{`"1"`}, 412},
		{"If-None-Match excludes any", "PATCH", nil, []string{`*`}, 412},
		{"If-None-Match excludes another", "PATCH", nil, []string{`"2"`}, 200},
		{"If-Match comes first", "PATCH", []string{`"2"`}, []string{`"1"`}, 412},
		{"delete the version there is", "DELETE", []string{`"1"`}, nil, 204},
		{"delete another version", "DELETE", []string{`"2"`}, nil, 412},
		{"get what one has", "GET", nil, []string{`"1"`}, 304},
		{"get what one has, weakly", "GET", nil, []string{`W/"1"`}, 304},
		{"get what one has, in a list", "GET", nil, []string{`"0", "1"`}, 304},
		{"get whatever one has not", "GET", nil, []string{`*`}, 304},
		{"get what has changed", "GET", nil, []string{`"0"`}, 200},
		{"ask for the head of what one has", "HEAD", nil, []string{`"1"`}, 304},
		{"get a version that is", "GET", []string{`"1"`}, nil, 200},
		{"get a version that was", "GET", []string{`"0"`}, nil, 412},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, nil)
			a := s.asset("ann", "T")
			request := call{method: c.method, path: "/" + a.ID, header: http.Header{}}
			if c.method == "PATCH" {
				request.body = `{"title":"N"}`
			}
			if c.match != nil {
				request.header["If-Match"] = c.match
			}
			if c.none != nil {
				request.header["If-None-Match"] = c.none
			}
			w := s.do(request)
			if w.Code != c.status {
				t.Fatalf("%d, want %d: %s", w.Code, c.status, w.Body)
			}
			if w.Code == 304 && (w.Header().Get("ETag") != `"1"` || w.Body.Len() > 0) {
				t.Errorf("304 with ETag %q and %d bytes", w.Header().Get("ETag"), w.Body.Len())
			}
			if w.Code >= 400 {
				equal(t, "the asset", s.read(a.ID), a)
			}
		})
	}
}

func TestETagFollowsTheVersion(t *testing.T) {
	s := newSite(t, nil)
	a := s.asset("ann", "T")
	tag := s.do(call{path: "/" + a.ID}).Header().Get("ETag")
	w := s.do(call{method: "PATCH", path: "/" + a.ID, body: `{"title":"N"}`, header: http.Header{"If-Match": {tag}}})
	next := w.Header().Get("ETag")
	if w.Code != 200 || next == tag || next != s.do(call{path: "/" + a.ID}).Header().Get("ETag") {
		t.Errorf("%d, ETag %s after %s", w.Code, next, tag)
	}
	s.expect(412, call{method: "PATCH", path: "/" + a.ID, body: `{"title":"M"}`, header: http.Header{"If-Match": {tag}}})
}
