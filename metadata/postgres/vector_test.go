package postgres

import (
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/query"
)

func TestVectorSaysWhereWordsStand(t *testing.T) {
	for _, c := range []struct {
		a    metadata.Asset
		want string
	}{
		{metadata.Asset{}, ""},
		{metadata.Asset{Title: "?!"}, ""},
		{metadata.Asset{Title: "The Fox", Tags: []string{"fox", "Été"}, Description: "the end."}, "'the':1A,5D 'fox':2A,3B 'ete':4B 'end':6D "},
		{metadata.Asset{Title: `'a' \b:c`}, "'a':1A 'b':2A 'c':3A "},
		{metadata.Asset{Title: strings.Repeat("x", 5000)}, "'" + strings.Repeat("x", maxWord) + "':1A "},
		{metadata.Asset{Title: strings.Repeat("東", 5000)}, "'" + strings.Repeat("東", maxWord/3) + "':1A "},
	} {
		if got := vector(&c.a); got != c.want {
			t.Errorf("%.40q: %.60q, want %.60q", c.a.Title, got, c.want)
		}
	}
}

func TestMatchRequiresAllWordsAndTheBeginningOfTheLast(t *testing.T) {
	if got, want := match([]string{"Étude", "in", "C"}), "'etude' & 'in' & 'c':*"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// FuzzVector wants what a server takes as it is: it has no other parser of it.
func FuzzVector(f *testing.F) {
	f.Add("The Fox's", "tag", "a\\b:c 'd' 1,2A")
	f.Add("हिन्दी", "日本", strings.Repeat("word ", 300))
	f.Fuzz(func(t *testing.T, title, tag, description string) {
		text := vector(&metadata.Asset{Title: title, Tags: []string{tag}, Description: description})
		if len(text) >= 1<<20 {
			t.Errorf("%d bytes", len(text))
		}
		for word := range strings.SplitSeq(strings.TrimSuffix(text, " "), " ") {
			if word == "" {
				continue
			}
			quoted, places, ok := strings.Cut(word, ":")
			if !ok || len(quoted) < 3 || quoted[0] != '\'' || quoted[len(quoted)-1] != '\'' || strings.ContainsAny(quoted[1:len(quoted)-1], `'\: `) {
				t.Fatalf("%q holds %q", text, word)
			}
			if strings.Trim(places, "0123456789,ABD") != "" || strings.Count(places, ",") >= maxPlaces {
				t.Errorf("%q stands at %q", quoted, places)
			}
		}
		list := query.Words(title)
		if len(list) > 0 && strings.Count(match(list), "'") != 2*len(list) {
			t.Errorf("%q is looked for by %q", title, match(list))
		}
	})
}
