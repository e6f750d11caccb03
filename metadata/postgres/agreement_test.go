package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// scraps are what texts are put together from. What SQLite knows less of is missing:
// accents that are not Latin, which it keeps, and marks of scripts that spell with
// them (Devanagari, Arabic), which it takes for spaces.
var scraps = []string{
	"fox", "Fox", "FOXES", "fo", "café", "cafe\u0301", "CAFÉ", "naïve", "Straße", "STRASSE", "Ελλας", "ΕΛΛΑΣ", "Москва", "москва", "ёлка",
	"東京", "東京タワー", "がく", "かく", "한국", "한국어", "Việt", "viet", "1234", "12", "½", "x264", "C++", "foo-bar", "a_b", "don't", "don", "t",
	"'", "\"", "\\", ":*", "&", "|", "!", "(", "<->", "%", "👍", "\u200b", "NULL", "the", "of", "and", "is", "İstanbul", "ﬁn", "Ǆ", "ſo",
}

var begin = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func sentence(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(scraps[r.IntN(len(scraps))] + []string{" ", " ", " ", "-", "_", ", "}[r.IntN(6)])
	}
	return b.String()
}

// TestASearchFindsWhatItFindsInSQLite puts the same assets into both, and wants the
// same of them, in the same order, for the same searches.
func TestASearchFindsWhatItFindsInSQLite(t *testing.T) {
	lite, err := sqlite.Open(filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer lite.Close()
	ours, theirs := open(t, pgtest.Database(t)).Metadata(), lite.Metadata()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 120 {
		a := asset(fmt.Sprint("owner", r.IntN(2)))
		a.Title, a.Description, a.Tags = sentence(r, r.IntN(4)), sentence(r, r.IntN(6)), []string{sentence(r, 1), scraps[r.IntN(len(scraps))]}
		a.Size, a.Duration, a.CreatedAt = int64(r.IntN(9)), float64(r.IntN(9))/3, begin.AddDate(0, 0, i%17)
		for _, s := range []metadata.Store{ours, theirs} {
			if err := insert(t.Context(), s, a.Clone()); err != nil {
				t.Fatal(err)
			}
		}
	}
	sorts := []metadata.Sort{metadata.Newest, metadata.Oldest, metadata.ByTitle, metadata.Longest, metadata.Largest, metadata.Relevance}
	some := 0
	for range 600 {
		q := metadata.Query{Text: sentence(r, 1+r.IntN(2)), Sort: sorts[r.IntN(len(sorts))], Limit: 1 + r.IntN(100)}
		q.Text = cutAtRandom(r, q.Text)
		if r.IntN(2) == 0 {
			q.Owner = "owner1"
		}
		if strings.TrimSpace(q.Text) == "" && q.Sort == metadata.Relevance {
			continue
		}
		if q.Sort == metadata.Relevance { // which weighs differently: the same assets, in another order
			q.Limit = 100
		}
		got, err := ours.Search(t.Context(), q)
		want, err2 := theirs.Search(t.Context(), q)
		if err != nil || err2 != nil {
			t.Fatalf("%+v: %v, %v", q, err, err2)
		}
		mine, other := texts(got, q.Sort), texts(want, q.Sort)
		if diff := cmp.Diff(other, mine); diff != "" {
			t.Errorf("%+v (-SQLite +PostgreSQL):\n%s", q, diff)
		}
		if len(mine) > 0 {
			some++
		}
	}
	if some < 100 {
		t.Errorf("%d searches found anything", some)
	}
}

func cutAtRandom(r *rand.Rand, text string) string {
	letters := []rune(strings.TrimSpace(text))
	if len(letters) < 2 || r.IntN(2) == 0 {
		return text
	}
	return string(letters[:1+r.IntN(len(letters)-1)])
}

func texts(page metadata.Page, sort metadata.Sort) (list []string) {
	for _, a := range page.Assets {
		list = append(list, fmt.Sprintf("%s %q %q %q", a.ID, a.Title, a.Description, a.Tags))
	}
	if sort == metadata.Relevance {
		slices.Sort(list)
	}
	return list
}
