package query

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/streamgate/streamgate/metadata"
)

// cursorVersion rises whenever an old cursor would be read wrongly.
const cursorVersion = 1

// maxCursor bounds what is decoded: a title of 200 runes escaped in JSON, in
// base64, and room.
const maxCursor = 8192

var errCursor = errors.New("cursor")

// Position is the place of an asset in the order of a search.
type Position struct {
	ID     string
	Int    int64   // the key where the order is by time or size
	Float  float64 // the key where it is by duration or relevance
	String string  // the key where it is by title
}

// wire is a Position as a cursor holds it.
type wire struct {
	Version int     `json:"v"`
	Query   string  `json:"q"` // fingerprint of the search it belongs to
	ID      string  `json:"id"`
	Int     int64   `json:"i,omitempty"`
	Float   float64 `json:"f,omitempty"`
	String  string  `json:"s,omitempty"`
}

// PositionOf returns the place of a. rank is only used by Relevance.
func (p *Plan) PositionOf(a *metadata.Asset, rank float64) Position {
	pos := Position{ID: a.ID}
	switch p.Sort {
	case metadata.Newest, metadata.Oldest:
		pos.Int = a.CreatedAt.UnixMicro()
	case metadata.Updated:
		pos.Int = a.UpdatedAt.UnixMicro()
	case metadata.Largest:
		pos.Int = a.Size
	case metadata.Longest:
		pos.Float = a.Duration
	case metadata.ByTitle:
		pos.String = TitleKey(a.Title)
	case metadata.Relevance:
		pos.Float = rank
	}
	return pos
}

// Key returns the part of pos that the order of p compares, as a value for a database.
func (p *Plan) Key(pos *Position) any {
	switch p.Sort {
	case metadata.Longest, metadata.Relevance:
		return pos.Float
	case metadata.ByTitle:
		return pos.String
	default:
		return pos.Int
	}
}

// Encode returns pos as a cursor: text that is safe in a URL and says nothing
// that its reader has not been shown.
func (p *Plan) Encode(pos Position) string {
	b, err := json.Marshal(wire{cursorVersion, p.fingerprint(), pos.ID, pos.Int, pos.Float, pos.String})
	if err != nil {
		panic(err) // numbers are finite and text is UTF-8: the store refuses all else
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func (p *Plan) decode(cursor string) (*Position, error) {
	w, err := parse(cursor)
	if err != nil || w.Version != cursorVersion {
		return nil, invalid("the cursor is damaged or outdated; begin again without one")
	}
	if w.Query != p.fingerprint() {
		return nil, invalid("the cursor belongs to another search; repeat the search that it came from, or begin again without one")
	}
	return &Position{ID: w.ID, Int: w.Int, Float: w.Float, String: w.String}, nil
}

func parse(cursor string) (w wire, err error) {
	if len(cursor) > maxCursor {
		return w, errCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return w, err
	}
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return w, err
	}
	// A NUL would end a text early in a C library.
	if dec.More() || !utf8.Valid(b) || strings.ContainsRune(w.ID+w.String, 0) || math.IsNaN(w.Float) {
		return w, errCursor
	}
	return w, nil
}

// fingerprint identifies all of a search but cursor and limit.
func (p *Plan) fingerprint() string {
	b, err := json.Marshal([]any{p.Owner, p.Words, p.Empty, p.Tags, p.States, p.Sort})
	if err != nil {
		panic(err) // strings and booleans
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}
