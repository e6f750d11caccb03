package metadatatest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

var searchTests = []test{
	{"finds by words, tags, states and owner", searchFinds},
	{"sorts by each order, and the id decides between equals", searchSorts},
	{"weighs the title above the tags above the description", searchWeighs},
	{"follows inserts, updates, deletions and undone transactions", searchFollows},
	{"takes any text for words", searchHostile},
	{"refuses what is not valid", searchRefuses},
	{"returns whole assets", searchWhole},
}

// library is what searches look through. The name of each asset is its file name.
func library() []*metadata.Asset {
	begin := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	list := []*metadata.Asset{
		{Filename: "fox", Owner: "ann", Title: "The quick brown fox", Description: "jumps over the lazy dog", Tags: []string{"animals", "Short Film"}},
		{Filename: "dogs", Owner: "ann", Title: "DOGS of war", Description: "A café in München", Tags: []string{"animals", "war"}, State: metadata.Failed},
		{Filename: "img", Owner: "ann", Title: "IMG_1234.mp4", Description: "foo-bar C++ a.b.c", State: metadata.Processing},
		{Filename: "tokyo", Owner: "ann", Title: "東京の夜", Description: "ночь в Токио हिन्दी", Tags: []string{"日本"}},
		{Filename: "cafe", Owner: "bob", Title: "cafe\u0301 quick", Description: "decomposed", Tags: []string{"animals"}},
		{Filename: "ops", Owner: "bob", Title: "AND OR NOT NEAR", Description: "title:fox \"quoted\"", State: metadata.Uploading},
	}
	for i, a := range list {
		a.ID = metadata.NewID()
		a.CreatedAt = begin.Add(time.Duration(i) * time.Hour)
		if a.State == "" {
			a.State = metadata.Ready
		}
	}
	return list
}

// names returns the file names of a page, sorted.
func names(page metadata.Page) []string {
	list := []string{}
	for _, a := range page.Assets {
		list = append(list, a.Filename)
	}
	slices.Sort(list)
	return list
}

func searchFinds(t *testing.T, s metadata.Store) {
	insert(t, s, library()...)
	for _, c := range []struct {
		name string
		q    metadata.Query
		want string // names, sorted
	}{
		{"no filter finds everything", metadata.Query{}, "cafe dogs fox img ops tokyo"},
		{"an owner finds only their own", metadata.Query{Owner: "bob"}, "cafe ops"},
		{"an owner that is nobody finds nothing", metadata.Query{Owner: "bo"}, ""},
		{"a word in the title", metadata.Query{Text: "brown"}, "fox"},
		{"a word in the description", metadata.Query{Text: "lazy"}, "fox"},
		{"a word in a tag", metadata.Query{Text: "film"}, "fox"},
		{"case does not count", metadata.Query{Text: "FOX qUiCk"}, "fox"},
		{"all words must occur, in any order and field", metadata.Query{Text: "dog quick animals"}, "fox"},
		{"one word that does not occur finds nothing", metadata.Query{Text: "quick zebra fox"}, ""},
		{"the last word may be a beginning", metadata.Query{Text: "quick bro"}, "fox"},
		{"even of one letter", metadata.Query{Text: "brown f"}, "fox"},
		{"another word may not", metadata.Query{Text: "qui fox"}, ""},
		{"a word's middle is not found", metadata.Query{Text: "rown"}, ""},
		{"diacritics do not count in the text", metadata.Query{Text: "munchen cafe"}, "dogs"},
		{"diacritics do not count in the query", metadata.Query{Text: "CAFÉ"}, "cafe dogs"},
		{"nor do decomposed ones", metadata.Query{Text: "cafe\u0301"}, "cafe dogs"},
		{"punctuation separates words", metadata.Query{Text: "img-1234"}, "img"},
		{"parts of a file name are words", metadata.Query{Text: "1234 MP4"}, "img"},
		{"other scripts are found", metadata.Query{Text: "токио"}, "tokyo"},
		{"with marks that are no diacritics too", metadata.Query{Text: "हिन्दी"}, "tokyo"},
		{"the beginning of a CJK run is found", metadata.Query{Text: "東京"}, "tokyo"},
		{"a CJK tag is found", metadata.Query{Text: "日本"}, "tokyo"},
		{"operators are words", metadata.Query{Text: "NOT near"}, "ops"},
		{"a column filter is words", metadata.Query{Text: "title:fox"}, "ops"},
		{"blank text does not filter", metadata.Query{Text: " \t\n", Owner: "bob"}, "cafe ops"},
		{"text without a word finds nothing", metadata.Query{Text: "?!"}, ""},
		{"a tag", metadata.Query{Tags: []string{"animals"}}, "cafe dogs fox"},
		{"all tags", metadata.Query{Tags: []string{"war", "animals", "war"}}, "dogs"},
		{"a tag is compared letter by letter", metadata.Query{Tags: []string{"Animals"}}, ""},
		{"a tag with a space", metadata.Query{Tags: []string{"Short Film"}}, "fox"},
		{"a part of a tag is no tag", metadata.Query{Tags: []string{"Short"}}, ""},
		{"a state", metadata.Query{States: []metadata.State{metadata.Failed}}, "dogs"},
		{"any of some states", metadata.Query{States: []metadata.State{metadata.Failed, metadata.Uploading}}, "dogs ops"},
		{"everything at once", metadata.Query{
			Owner: "ann", Text: "war do", Tags: []string{"animals"}, States: []metadata.State{metadata.Failed}, Sort: metadata.Largest,
		}, "dogs"},
	} {
		page, err := s.Search(t.Context(), c.q)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		equal(t, c.name, strings.Join(names(page), " "), c.want)
	}
}

func searchSorts(t *testing.T, s metadata.Store) {
	at := func(h int) time.Time { return time.Date(2024, 1, 1, h, 0, 0, 0, time.UTC) }
	b := &metadata.Asset{ID: "b", Owner: "ann", Title: "beta word", CreatedAt: at(1), Duration: 30, Size: 2}
	a := &metadata.Asset{ID: "a", Owner: "ann", Title: "Alpha word", CreatedAt: at(2), Duration: 0.5, Size: 3}
	d := &metadata.Asset{ID: "d", Owner: "ann", Title: "alpha word", CreatedAt: at(2), Duration: 30, Size: 0}
	c := &metadata.Asset{ID: "c", Owner: "ann", Title: "Élan word", CreatedAt: at(0), Duration: 30, Size: 2}
	for _, x := range []*metadata.Asset{b, a, d, c} {
		x.State = metadata.Ready
		insert(t, s, x)
	}
	for _, c := range []struct {
		sort metadata.Sort
		want string
	}{
		{"", "d a b c"},
		{metadata.Newest, "d a b c"},
		{metadata.Oldest, "c b a d"},
		{metadata.Updated, "c d a b"},
		{metadata.ByTitle, "a d b c"},
		{metadata.Longest, "d c b a"},
		{metadata.Largest, "a c b d"},
	} {
		for _, q := range []metadata.Query{{Sort: c.sort}, {Sort: c.sort, Owner: "ann"}, {Sort: c.sort, Text: "word"}} {
			if q.Sort == "" && q.Text != "" {
				continue // by relevance
			}
			page, err := s.Search(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "order "+string(c.sort), strings.Join(idList(page.Assets), " "), c.want)
		}
	}
}

func idList(assets []*metadata.Asset) []string {
	var ids []string
	for _, a := range assets {
		ids = append(ids, a.ID)
	}
	return ids
}

func searchWeighs(t *testing.T, s metadata.Store) {
	inTitle, inTags, inText := asset("ann"), asset("ann"), asset("ann")
	inTitle.Title, inTitle.Description, inTitle.Tags = "walrus here", "nothing here", []string{"no thing"}
	inTags.Title, inTags.Description, inTags.Tags = "nothing here", "nothing here", []string{"walrus here"}
	inText.Title, inText.Description, inText.Tags = "nothing here", "walrus here", []string{"no thing"}
	insert(t, s, inText, inTags, inTitle)
	for range 20 {
		insert(t, s, asset("ann")) // a word that most have weighs nothing
	}
	want := []string{inTitle.ID, inTags.ID, inText.ID}
	for _, sort := range []metadata.Sort{"", metadata.Relevance} {
		page, err := s.Search(t.Context(), metadata.Query{Text: "walrus", Sort: sort})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "order", idList(page.Assets), want)
	}
}

func searchFollows(t *testing.T, s metadata.Store) {
	a := asset("ann")
	a.Title, a.Description, a.Tags = "first", "second", []string{"third"}
	found := func(q metadata.Query, want bool) {
		t.Helper()
		page, err := s.Search(t.Context(), q)
		if err != nil || (len(page.Assets) == 1) != want {
			t.Errorf("%+v: %d found, %v; want %v", q, len(page.Assets), err, want)
		}
	}
	words := func(want bool, list ...string) {
		t.Helper()
		for _, w := range list {
			found(metadata.Query{Text: w}, want)
		}
	}
	insert(t, s, a)
	words(true, "first", "second", "third")
	a.Title, a.Description, a.Tags = "uno", "due", []string{"tre"}
	change := func(tx metadata.Tx) error { return tx.UpdateAsset(t.Context(), a) }
	if err := s.Update(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	words(false, "first", "second", "third")
	words(true, "uno", "due", "tre")
	found(metadata.Query{Tags: []string{"third"}}, false)
	found(metadata.Query{Tags: []string{"tre"}}, true)
	if err := s.Update(t.Context(), func(tx metadata.Tx) error {
		b := a.Clone()
		b.Title, b.Tags = "undone", nil
		return errors.Join(tx.UpdateAsset(t.Context(), b), errMine)
	}); !errors.Is(err, errMine) {
		t.Fatal(err)
	}
	words(false, "undone")
	words(true, "uno", "tre")
	a.Tags = nil
	if err := s.Update(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	words(false, "tre")
	found(metadata.Query{Tags: []string{"tre"}}, false)
	if err := s.Update(t.Context(), func(tx metadata.Tx) error { return tx.DeleteAsset(t.Context(), a.ID) }); err != nil {
		t.Fatal(err)
	}
	words(false, "uno", "due")
}

func searchHostile(t *testing.T, s metadata.Store) {
	insert(t, s, library()...)
	for _, text := range []string{
		`"`, `""`, `"fox`, `fox"`, `fo*x`, `*`, `^fox`, `fox AND`, `OR`, `NOT fox`, `NEAR(fox dog)`, `(`, `fox)`, `{title}:fox`,
		`-title:fox`, `fox + dog`, `'; DROP TABLE assets; --`, "fox\x00dog", `\`, `%`, `_`, "\u202e", "👍", "a\u0301\u0301\u0301",
		"\u0301", "東 京", strings.Repeat("x", 1000), strings.Repeat("é ", 32), "\U0010ffff \ufffe \ue000", ":x ?1 $y @z",
	} {
		for _, sort := range []metadata.Sort{metadata.Newest, metadata.Relevance} {
			if _, err := s.Search(t.Context(), metadata.Query{Text: text, Sort: sort}); err != nil {
				t.Errorf("Text %q: %v", text, err)
			}
		}
	}
	for _, value := range []string{`"`, `'`, `\`, "a\x00b", `["x"]`, "\u2028"} {
		if page, err := s.Search(t.Context(), metadata.Query{Tags: []string{value}}); err != nil || len(page.Assets) != 0 {
			t.Errorf("tag %q: %d found, %v", value, len(page.Assets), err)
		}
		if page, err := s.Search(t.Context(), metadata.Query{Owner: value}); err != nil || len(page.Assets) != 0 {
			t.Errorf("owner %q: %d found, %v", value, len(page.Assets), err)
		}
	}
	page, err := s.Search(t.Context(), metadata.Query{})
	if err != nil || len(page.Assets) != 6 {
		t.Errorf("afterwards: %d assets, %v; want 6", len(page.Assets), err)
	}
}

func searchRefuses(t *testing.T, s metadata.Store) {
	for name, q := range map[string]metadata.Query{
		"an unknown order":         {Sort: "id; DROP TABLE assets"},
		"relevance without a text": {Sort: metadata.Relevance},
		"relevance of a blank":     {Sort: metadata.Relevance, Text: " "},
		"an unknown state":         {States: []metadata.State{"x"}},
		"a negative limit":         {Limit: -1},
		"a limit above 100":        {Limit: 101},
		"text that is no UTF-8":    {Text: "a\xff"},
		"a tag that is no UTF-8":   {Tags: []string{"\xff"}},
		"text of 1001 bytes":       {Text: strings.Repeat("x", 1001)},
		"33 words":                 {Text: strings.Repeat("x ", 33)},
		"51 tags":                  {Tags: make([]string, 51)},
	} {
		if page, err := s.Search(t.Context(), q); !errors.Is(err, metadata.ErrInvalid) {
			t.Errorf("%s: %v, %v; want ErrInvalid", name, page, err)
		}
	}
}

func searchWhole(t *testing.T, s metadata.Store) {
	a := fullAsset()
	insert(t, s, a)
	for _, q := range []metadata.Query{{}, {Text: "title"}, {Text: "title", Sort: metadata.ByTitle}} {
		page, err := s.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "page", page, metadata.Page{Assets: []*metadata.Asset{a}})
		page.Assets[0].Tags[0] = "changed"
	}
	equal(t, "after a result changed", read(t, s, a.ID), a)
}
