// Package hlsrules holds an HLS presentation against the rules of HTTP Live
// Streaming 2nd Edition, draft-pantos-hls-rfc8216bis-22, as far as they concern
// video on demand: the text of the playlists, what they say of each other, and
// what they say of the media behind them where that is fragmented MP4 or a
// transport stream. Sections are those of the draft. It is for tests.
package hlsrules

import (
	"fmt"
	"slices"
)

// Fetch returns what is at an absolute or root-relative URI.
type Fetch func(uri string) ([]byte, error)

// Violation is one place where a rule is not kept.
type Violation struct {
	Section string // of the draft, such as "4.4.6.1"
	Rule    string // ID of the Rule
	Where   string // URI, and after a colon the line where there is one
	What    string
	Should  bool // the draft says SHOULD, not MUST
}

func (v Violation) String() string {
	return fmt.Sprintf("§%s %s: %s: %s", v.Section, v.Rule, v.Where, v.What)
}

// Check fetches a multivariant playlist and all that it leads to, and returns
// where it does not keep to the rules, in the order in which that was found. The
// URI may as well be that of a media playlist alone.
func Check(fetch Fetch, uri string) []Violation {
	c := &checker{fetch: fetch, resources: map[string][]byte{}}
	text, ok := c.get(uri, uri)
	if !ok {
		return c.found
	}
	p := parse(uri, text)
	c.text(p)
	if p.multivariant() {
		c.multivariant(p)
	} else {
		c.together([]*mediaList{c.mediaList(p, false)})
	}
	return c.found
}

// checker is one run of Check.
type checker struct {
	fetch     Fetch
	resources map[string][]byte // by URI, what byte ranges are taken from
	found     []Violation
}

// report notes that a rule is not kept.
func (c *checker) report(rule, where, format string, args ...any) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == rule })
	c.found = append(c.found, Violation{
		Section: rules[i].Section, Rule: rule, Where: where, What: fmt.Sprintf(format, args...), Should: rules[i].Should,
	})
}

// get fetches what the place where names.
func (c *checker) get(uri, where string) ([]byte, bool) {
	data, err := c.fetch(uri)
	if err != nil {
		c.report("available", where, "%v", err)
	}
	return data, err == nil
}
