package query

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFoldLeavesWhatIsCompared(t *testing.T) {
	for word, want := range map[string]string{
		"":              "",
		"Fox":           "fox",
		"café":          "cafe",
		"cafe\u0301":    "cafe",
		"MÜNCHEN":       "munchen",
		"Việt":          "viet",
		"ОДЕССА":        "одесса",
		"Ελλάς":         "ελλασ",
		"ſo":            "so",
		"हिन्दी":        "हिन्दी",
		"が":             "が", // not か
		"か\u3099":       "が",
		"한국":            "한국",
		"東京":            "東京",
		"1234":          "1234",
		"a\u0301\u0302": "a",
	} {
		if got := Fold(word); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range Words(text) {
			if !utf8.ValidString(w) {
				continue
			}
			once := Fold(w)
			if once == "" || !utf8.ValidString(once) || strings.ContainsAny(once, "'\\:&|!() \x00") {
				t.Errorf("%q becomes %q", w, once)
			}
			if twice := Fold(once); twice != once {
				t.Errorf("%q becomes %q, and that %q", w, once, twice)
			}
		}
	})
}
