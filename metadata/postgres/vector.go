package postgres

import (
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/query"
)

// What a tsvector takes (PostgreSQL, section 12.11): a word of less than 2 KiB,
// less than 1 MiB in all. Text beyond that is not found by its words; a search has
// shorter ones, so that no word is found by another that begins alike.
const (
	maxWord   = 2000      // bytes
	maxVector = 700 << 10 // bytes of words and places, as they are counted here
	maxPlace  = 16383     // those of all words after it
	maxPlaces = 255       // of one word
)

// The weights of a word by where it stands.
const (
	inTitle       = 'A'
	inTags        = 'B'
	inDescription = 'D'
)

// vector returns the words of an asset as the text of a tsvector, folded by query.Fold.
func vector(a *metadata.Asset) string {
	v := &words{places: map[string][]string{}}
	v.add(a.Title, inTitle)
	for _, tag := range a.Tags {
		v.add(tag, inTags)
	}
	v.add(a.Description, inDescription)
	return v.String()
}

// words are the words of a text and where they stand.
type words struct {
	list   []string            // each once
	places map[string][]string // such as "7A"
	place  int                 // of the word before
	size   int
}

func (v *words) add(text string, weight byte) {
	for _, w := range query.Words(text) {
		w = cut(query.Fold(w))
		v.place = min(v.place+1, maxPlace)
		known := v.places[w]
		if len(known) == maxPlaces || v.size > maxVector {
			continue
		}
		if known == nil {
			v.list = append(v.list, w)
			v.size += len(w) + 4
		}
		v.size += 2
		v.places[w] = append(known, strconv.Itoa(v.place)+string(weight))
	}
}

// cut cuts a word off at what a tsvector takes, between two characters.
func cut(word string) string {
	if len(word) <= maxWord {
		return word
	}
	at := maxWord
	for word[at]&0xc0 == 0x80 {
		at--
	}
	return word[:at]
}

// String quotes each word. None has a character that would have to be escaped.
func (v *words) String() string {
	var b strings.Builder
	for _, w := range v.list {
		b.WriteString("'" + w + "':" + strings.Join(v.places[w], ",") + " ")
	}
	return b.String()
}

// match returns words as the text of a tsquery: all required, the last one a prefix.
func match(list []string) string {
	var b strings.Builder
	for i, w := range list {
		if i > 0 {
			b.WriteString(" & ")
		}
		b.WriteString("'" + cut(query.Fold(w)) + "'")
	}
	return b.String() + ":*"
}
