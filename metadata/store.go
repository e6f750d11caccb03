// Package metadata says what is known of an asset: the Store contract with its
// transactions, the search, and the HTTP handler for it. Packages sqlite and
// postgres implement the Store.
package metadata

import (
	"context"
	"net/http"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
)

// The ways in which a store refuses. Match them with errors.Is.
var (
	ErrNotFound error = problem.NewKind(http.StatusNotFound, "not-found", "Not found")
	ErrExists   error = problem.NewKind(http.StatusConflict, "exists", "It exists already")
	// ErrGone is ErrExists for an id that belonged to a deleted asset: it stays gone.
	ErrGone error = problem.NewKind(http.StatusGone, "gone", "It was deleted")
	// ErrConflict means that somebody else changed it since it was read.
	ErrConflict    error = problem.NewKind(http.StatusConflict, "conflict", "Somebody else changed it meanwhile")
	ErrInvalid     error = problem.NewKind(http.StatusUnprocessableEntity, "invalid", "The input is not valid")
	ErrUnavailable error = problem.NewKind(http.StatusServiceUnavailable, "metadata-unavailable", "The database is not available")
)

// Store keeps what is known. All methods may be called concurrently. A read
// sees every Update that has returned. What a method returns is the caller's
// own: changing it changes nothing in the store.
type Store interface {
	Reader

	// Update runs fn in one transaction: all that it did is durable when Update
	// returns nil, and none of it happened when Update returns an error, which
	// is fn's own where fn failed. fn may run more than once and must use no
	// other method of the Store; Tx is not valid after it returns.
	Update(ctx context.Context, fn func(tx Tx) error) error

	// Search returns one page of assets.
	Search(ctx context.Context, q Query) (Page, error)

	// Events is the outbox.
	Events() events.Log

	// Ping says whether the store answers.
	Ping(ctx context.Context) error
}

// Reader reads single things. ErrNotFound when there is none.
type Reader interface {
	Asset(ctx context.Context, id string) (*Asset, error)
	Upload(ctx context.Context, id string) (*Upload, error)
	// UploadsOf returns the uploads of an asset, oldest first.
	UploadsOf(ctx context.Context, asset string) ([]*Upload, error)
	// OpenUploads returns up to limit uploads in UploadOpen with an id above after, by id.
	OpenUploads(ctx context.Context, after string, limit int) ([]*Upload, error)
	// AssetsIn returns up to limit assets of any owner in a state with an id above after, by id.
	AssetsIn(ctx context.Context, s State, after string, limit int) ([]*Asset, error)
}

// Tx is a transaction. It is not safe for concurrent use.
type Tx interface {
	Reader

	// InsertAsset adds an asset and sets Version to 1, CreatedAt (where it is
	// zero) and UpdatedAt. ErrExists, or ErrGone for an id that was deleted.
	InsertAsset(ctx context.Context, a *Asset) error
	// UpdateAsset replaces the asset with a.ID whose version is a.Version, and
	// raises the version and UpdatedAt in a. ErrNotFound, ErrConflict.
	UpdateAsset(ctx context.Context, a *Asset) error
	// DeleteAsset removes the asset and its uploads; the id stays gone.
	DeleteAsset(ctx context.Context, id string) error

	// InsertUpload, UpdateUpload and DeleteUpload do the same for uploads.
	InsertUpload(ctx context.Context, u *Upload) error
	UpdateUpload(ctx context.Context, u *Upload) error
	DeleteUpload(ctx context.Context, id string) error

	// Emit writes an event to the outbox, in this transaction. It sets e.ID,
	// and e.Time where that is zero.
	Emit(ctx context.Context, e *events.Event) error
}

// Query is a search. Zero fields do not filter.
type Query struct {
	Owner  string // only this principal's assets; "" searches everybody's
	Text   string // words, all of which must occur in title, description or tags; the last may be a beginning
	Tags   []string
	States []State
	Sort   Sort   // default: Newest, or Relevance when there is a Text
	Cursor string // from the page before; opaque
	Limit  int    // 1 to 100; default 20
}

// Sort is the order of a search's results.
type Sort string

// The orders. Each is total: the id decides between equals.
const (
	Newest    Sort = "-created_at"
	Oldest    Sort = "created_at"
	Updated   Sort = "-updated_at"
	ByTitle   Sort = "title"
	Longest   Sort = "-duration"
	Largest   Sort = "-size"
	Relevance Sort = "relevance"
)

// Page is one page of results.
type Page struct {
	Assets []*Asset
	Next   string // cursor of the page after; "" at the end
}
