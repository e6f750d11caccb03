package hls_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/hlsrules"
)

// TestCorpusRules holds the playlists of every file of the corpus against the
// rules of the draft.
func TestCorpusRules(t *testing.T) {
	dir, films := corpus(t)
	for _, f := range films {
		t.Run(f.name, func(t *testing.T) {
			keepsRules(t, hls.Dir(dir), f.name, nil)
		})
	}
}

// always are the rules that playlists break on purpose.
var always = map[string]string{
	"version-low": "Apple asks for version 7 with fMP4, where the draft is content with 6",
}

// keepsRules checks what is served of a file. It has to break the rules that it
// is said to break, and no others but those that do not matter.
func keepsRules(t *testing.T, h http.Handler, name string, breaks map[string]string, whatever ...string) {
	t.Helper()
	master := "/" + url.PathEscape(name) + "/master.m3u8"
	fetch := fetcher(h)
	if _, err := fetch(master); err != nil {
		return // refused: other tests say whether it should be
	}
	broken := map[string]bool{}
	for _, v := range hlsrules.Check(fetch, master) {
		broken[v.Rule] = true
		if breaks[v.Rule] == "" && always[v.Rule] == "" && !slices.Contains(whatever, v.Rule) {
			t.Error(v)
		}
	}
	for rule, why := range breaks {
		if !broken[rule] {
			t.Errorf("the rule %s (%s) is kept: take it off the list", rule, why)
		}
	}
}

// fetcher asks a handler as a player does.
func fetcher(h http.Handler) hlsrules.Fetch {
	return func(uri string) ([]byte, error) {
		r := httptest.NewRequest(http.MethodGet, uri, http.NoBody)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			return nil, fmt.Errorf("GET %s: %d", uri, w.Code)
		}
		return w.Body.Bytes(), nil
	}
}
