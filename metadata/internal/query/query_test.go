package query

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
)

var texts = map[string]string{ // to words, with a '|' between
	"":                        "",
	" \t\n":                   "",
	"one":                     "one",
	"one two":                 "one|two",
	"foo-bar_baz.mp4":         "foo|bar|baz|mp4",
	`"quoted" AND NOT(x*)`:    "quoted|AND|NOT|x",
	"title:fox":               "title|fox",
	"cafe\u0301 Ünïcode":      "cafe\u0301|Ünïcode",
	"\u0301":                  "",
	"हिन्दी":                  "हिन्दी",
	"東京の夜":                    "東京の夜",
	"👍 ok":                    "ok",
	"½ ⅷ ٣":                   "½|ⅷ|٣",
	"a\x00b":                  "a|b",
	"don't; DROP TABLE x; --": "don|t|DROP|TABLE|x",
}

func TestWords(t *testing.T) {
	for text, want := range texts {
		if got := strings.Join(Words(text), "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestPrepareSetsDefaults(t *testing.T) {
	p, err := Prepare(metadata.Query{Tags: []string{"b", "a", "b"}, Text: "x y"})
	if err != nil {
		t.Fatal(err)
	}
	want := metadata.Query{Tags: []string{"a", "b"}, Text: "x y", Sort: metadata.Relevance, Limit: DefaultLimit}
	if diff := cmp.Diff(want, p.Query, cmp.Transformer("nil", func(s []metadata.State) int { return len(s) })); diff != "" {
		t.Error(diff)
	}
	if p, err = Prepare(metadata.Query{}); err != nil || p.Sort != metadata.Newest {
		t.Errorf("sort %q, %v; want the newest first", p.Sort, err)
	}
	tags := []string{"b", "a"}
	if _, err := Prepare(metadata.Query{Tags: tags}); err != nil || tags[0] != "b" {
		t.Errorf("the caller's tags were changed to %v, %v", tags, err)
	}
}

func TestACursorBringsBackThePosition(t *testing.T) {
	a := &metadata.Asset{
		ID: "id", Title: strings.Repeat("Ä\"\\<\u2028", 100), Duration: 1.0 / 3, Size: math.MaxInt64,
		CreatedAt: time.UnixMicro(-5), UpdatedAt: time.UnixMicro(math.MaxInt64 / 2),
	}
	for _, sort := range sorts {
		q := metadata.Query{Text: "x", Sort: sort}
		p, err := Prepare(q)
		if err != nil {
			t.Fatal(err)
		}
		want := p.PositionOf(a, -1.0/7)
		q.Cursor, q.Limit = p.Encode(want), 7
		again, err := Prepare(q)
		if err != nil {
			t.Fatalf("%s: %v", sort, err)
		}
		if diff := cmp.Diff(&want, again.After); diff != "" {
			t.Errorf("%s: %s", sort, diff)
		}
	}
}

func TestTitleKeyIsShortAndValid(t *testing.T) {
	key := TitleKey(strings.Repeat("É", 1000))
	if !utf8.ValidString(key) || utf8.RuneCountInString(key) != maxTitleKey || !strings.HasPrefix(key, "éé") {
		t.Errorf("%d runes: %.20q", utf8.RuneCountInString(key), key)
	}
}

func FuzzPrepare(f *testing.F) {
	p, err := Prepare(metadata.Query{Text: "x"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("x", "", p.Encode(Position{ID: "id", Float: -1}))
	for text := range texts {
		f.Add(text, string(metadata.ByTitle), "eyJ2IjoxfQ")
	}
	f.Fuzz(func(t *testing.T, text, sort, cursor string) {
		q := metadata.Query{Text: text, Sort: metadata.Sort(sort), Cursor: cursor}
		p, err := Prepare(q)
		if err != nil {
			if !errors.Is(err, metadata.ErrInvalid) {
				t.Errorf("%+v: %v", q, err)
			}
			return
		}
		for _, w := range p.Words {
			if w == "" || !utf8.ValidString(w) || strings.ContainsAny(w, "\"*()\x00: ") {
				t.Errorf("%q has the word %q", text, w)
			}
		}
		if p.After != nil && (math.IsNaN(p.After.Float) || strings.Contains(p.After.ID+p.After.String, "\x00")) {
			t.Errorf("cursor %q: %+v", cursor, p.After)
		}
	})
}
