package metadata_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

func TestSearchByParameters(t *testing.T) {
	s := newSite(t, nil)
	s.insert(
		&metadata.Asset{ID: "fox", Owner: "ann", Title: "A fox", Tags: []string{"x", "y"}, State: metadata.Ready, Size: 3},
		&metadata.Asset{ID: "dog", Owner: "ann", Title: "A dog", Tags: []string{"x"}, State: metadata.Failed, Size: 2},
		&metadata.Asset{ID: "cat", Owner: "bob", Title: "A cat", Tags: []string{"x"}, State: metadata.Ready, Size: 1},
	)
	for _, c := range []struct {
		query string
		as    string
		want  string
	}{
		{"?sort=-size", "ann", "fox dog"},
		{"?q=fo", "ann", "fox"},
		{"?q=fox+dog", "ann", ""},
		{"?tag=x&tag=y", "ann", "fox"},
		{"?state=failed", "ann", "dog"},
		{"?state=failed&state=ready&sort=title", "ann", "dog fox"},
		{"?owner=ann&sort=title", "ann", "dog fox"},
		{"?q=&sort=title", "ann", "dog fox"},
		{"", "bob", "cat"},
		{"?sort=title", "root", "cat dog fox"},
		{"?owner=bob", "root", "cat"},
	} {
		who := ann
		switch c.as {
		case "bob":
			who = bob
		case "root":
			who = admin
		}
		got := s.expect(200, call{path: c.query, as: who})
		equal(t, c.as+c.query, strings.Join(idsIn(got), " "), c.want)
		if next, there := got["next"]; next != nil || !there {
			t.Errorf("%s: next is %v, want null", c.query, next)
		}
	}
	w := s.do(call{})
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	if !strings.HasPrefix(s.do(call{path: "?q=nothing"}).Body.String(), `{"assets":[],"next":null}`) {
		t.Error("an empty page has no list")
	}
}

func idsIn(page map[string]any) []string {
	var ids []string
	for _, a := range page["assets"].([]any) {
		ids = append(ids, a.(map[string]any)["id"].(string))
	}
	return ids
}

func TestSearchPagesByCursor(t *testing.T) {
	s := newSite(t, nil)
	for i := range 5 {
		s.insert(&metadata.Asset{ID: fmt.Sprint("a", i), Owner: "ann", Title: "same", State: metadata.Ready})
	}
	var got []string
	path := "?q=same&limit=2"
	for range 5 {
		page := s.expect(200, call{path: path})
		got = append(got, idsIn(page)...)
		next, ok := page["next"].(string)
		if !ok {
			break
		}
		path = "?q=same&limit=2&cursor=" + url.QueryEscape(next)
	}
	equal(t, "all pages", strings.Join(got, " "), "a0 a1 a2 a3 a4")
}

func TestSearchesThatAreRefused(t *testing.T) {
	s := newSite(t, nil)
	for query, c := range map[string]struct {
		status int
		detail string
	}{
		"?title=x":                        {422, `no parameter "title"`},
		"?Q=x":                            {422, `no parameter "Q"`},
		"?q=a&q=b":                        {422, `"q" is there 2 times`},
		"?limit=0":                        {422, "1 to 100"},
		"?limit=101":                      {422, "between 1 and 100"},
		"?limit=x":                        {422, "1 to 100"},
		"?limit=":                         {422, "1 to 100"},
		"?sort=size":                      {422, "-size"},
		"?sort=relevance":                 {422, "needs a text"},
		"?state=done":                     {422, "uploading"},
		"?cursor=x":                       {422, "cursor is damaged"},
		"?owner=bob":                      {403, "administrator"},
		"?q=%ff":                          {422, "UTF-8"},
		"?q=%zz":                          {400, "malformed"},
		"?q=" + strings.Repeat("x", 1001): {422, "1001 bytes"},
	} {
		got := s.expect(c.status, call{path: query})
		if detail, _ := got["detail"].(string); !strings.Contains(detail, c.detail) {
			t.Errorf("%.40s: detail %q, want %q in it", query, detail, c.detail)
		}
	}
}
