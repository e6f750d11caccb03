// Package metadata says what is known of an asset: the Store contract with its
// transactions, the search, and the HTTP handler for it. Package sqlite keeps it
// in one file, package postgres in a database for several processes.
//
// A Store keeps what it is given and checks only that it can be kept. Whoever
// takes input from people calls Asset.Validate first, as NewHandler does. What
// else must happen because of a change (bytes to remove, clients to tell) goes
// into the same transaction as an event, by Tx.Emit, and is read from
// Store.Events until it is done.
package metadata

import (
	"context"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/validate"
)

// The ways in which a store refuses. Match them with errors.Is.
var (
	ErrNotFound error = problem.NewKind(http.StatusNotFound, "not-found", "Not found")
	ErrExists   error = problem.NewKind(http.StatusConflict, "exists", "It exists already")
	// ErrGone is ErrExists for an id that belonged to a deleted asset: it stays gone.
	ErrGone error = problem.NewKind(http.StatusGone, "gone", "It was deleted")
	// ErrConflict means that somebody else changed it since it was read.
	ErrConflict error = problem.NewKind(http.StatusConflict, "conflict", "Somebody else changed it meanwhile")
	// ErrInvalid also means text that is not valid UTF-8 or holds a NUL, and a
	// duration that is not a number.
	ErrInvalid = validate.ErrInvalid
	// ErrFull means that the disk below the database is full.
	ErrFull        error = problem.NewKind(http.StatusInsufficientStorage, "storage-full", "Storage is full")
	ErrUnavailable error = problem.NewKind(http.StatusServiceUnavailable, "metadata-unavailable", "The database is not available")
)

// Store keeps what is known. All methods may be called concurrently. A read
// sees every Update that has returned. What a method returns is the caller's
// own: changing it changes nothing in the store. Times are kept to the
// microsecond and come back in UTC.
type Store interface {
	Reader

	// Update runs fn in one transaction: all that it did is durable when Update
	// returns nil, and none of it happened when Update returns an error, which
	// is fn's own where fn failed. Updates happen one after another, and no
	// reader waits for them. fn may run more than once, so it reads what it
	// changes through tx. It must use no other method of the Store, which could
	// wait for fn forever; Tx is not valid after it returns. A panic of fn
	// undoes the transaction and goes on.
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
	// OpenUploads returns up to limit uploads that may yet become something, with
	// an id above after, by id: those in UploadOpen, and the parts in UploadComplete.
	OpenUploads(ctx context.Context, after string, limit int) ([]*Upload, error)
	// Transcodes returns uploads of ProtocolTranscode, the one that was begun last first.
	Transcodes(ctx context.Context, q TranscodeQuery) ([]*Upload, error)
	// AssetsIn returns up to limit assets of any owner in a state with an id above after, by id.
	AssetsIn(ctx context.Context, s State, after string, limit int) ([]*Asset, error)
	// UndecidedAssets are those in Processing of which some upload is Asset.Undecided:
	// up to limit with an id above after, by id. Like the next, it may be asked for again
	// and again, however many others there are.
	UndecidedAssets(ctx context.Context, after string, limit int) ([]*Asset, error)
	// WaitingAssets are those in Processing that wait for something (Asset.Waiting), and
	// of which no upload is in UploadTranscoding: up to limit with an id above after, by id.
	WaitingAssets(ctx context.Context, after string, limit int) ([]*Asset, error)
	// Usage sums up the open uploads of an owner; zero for one who has none. It is
	// asked for at each creation, and must not take longer the more assets there are.
	Usage(ctx context.Context, owner string) (Usage, error)
	// Stored is how many bytes an owner has: of assets with their renditions,
	// captions and the poster that was sent, and of complete uploads that are yet to become what their asset is made of.
	Stored(ctx context.Context, owner string) (int64, error)
}

// Usage is what one owner has open.
type Usage struct {
	Open      int   // uploads in UploadOpen
	OpenBytes int64 // of them: Size, or Offset while that is not known; and of parts that are complete and not joined
}

// Tx is a transaction. It is not safe for concurrent use. Its reads see its own
// writes. A method that answers ErrNotFound, ErrExists, ErrGone, ErrConflict or
// ErrInvalid has changed nothing, its argument included, and the transaction
// goes on.
type Tx interface {
	Reader

	// InsertAsset adds an asset and sets Version to 1, CreatedAt (where it is
	// zero) and UpdatedAt. ErrExists, or ErrGone for an id that was deleted.
	InsertAsset(ctx context.Context, a *Asset) error
	// UpdateAsset replaces the asset with a.ID whose version is a.Version, and
	// raises the version and UpdatedAt in a. CreatedAt stays what it was.
	// ErrNotFound, ErrConflict.
	UpdateAsset(ctx context.Context, a *Asset) error
	// DeleteAsset removes the asset and its uploads; their ids stay gone.
	// ErrNotFound.
	DeleteAsset(ctx context.Context, id string) error

	// InsertUpload, UpdateUpload and DeleteUpload do the same for uploads.
	// ErrNotFound from InsertUpload means that there is no asset u.Asset; a part
	// (Asset "") needs none.
	InsertUpload(ctx context.Context, u *Upload) error
	UpdateUpload(ctx context.Context, u *Upload) error
	DeleteUpload(ctx context.Context, id string) error

	// Emit writes an event to the outbox, in this transaction. It sets e.ID,
	// and e.Time where that is zero.
	Emit(ctx context.Context, e *events.Event) error
}

// TranscodeQuery says which uploads of ProtocolTranscode. Zero fields do not filter.
type TranscodeQuery struct {
	Owner    string    // only this principal's; "" lists everybody's
	Before   time.Time // begun (CreatedAt) before that
	BeforeID string    // or at Before, with an id below this one; "" for none of those
	Unplayed bool      // only those of which nothing plays: what is not whole, and what is gone from storage
	Limit    int       // how many, at most; 0 is none
}

// Query is a search. Zero fields do not filter.
//
// The words of Text are its runs of letters and digits, without regard to case
// and diacritics; everything else separates them. A run of Chinese or Japanese
// without spaces is one word, of which only the beginning is found. A Text that
// is not blank and has no word finds nothing. ErrInvalid for a Sort or State that does not
// exist, for Relevance without a Text, for a Limit out of range, for more than
// 32 words, 1,000 bytes of Text or 50 Tags, and for a Cursor that is damaged or
// belongs to another search.
type Query struct {
	Owner  string   // only this principal's assets; "" searches everybody's
	Text   string   // words, all of which must occur in title, description or tags; the last may be a beginning
	Tags   []string // the asset has all of them, letter by letter
	States []State  // the asset is in one of them
	Sort   Sort     // default: Newest, or Relevance when there is a Text
	Cursor string   // from the page before; opaque
	Limit  int      // 1 to 100; default 20
}

// Sort is the order of a search's results.
type Sort string

// The orders. Each is total: the id decides between equals. A search that pages
// through one meets each asset once, whatever is added or removed meanwhile; an
// asset whose place changes meanwhile may be met twice or not at all. ByTitle
// disregards case. Relevance weighs the title above the tags, and those above
// the description.
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
