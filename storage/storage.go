// Package storage says where bytes lie: the Store contract that uploads write
// to and playback reads from. Package disk keeps it in a directory.
//
// A blob has two lives. While it is being written it is a draft: only Append
// reaches it, it survives a crash up to its last Sync, and no reader sees it but
// by DraftReader, where a store has that. Commit turns it, atomically and durably,
// into a blob that never changes again.
package storage

import (
	"context"
	"io"
	"iter"
	"net/http"
	"os"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
)

// The ways in which a store fails. Match them with errors.Is.
var (
	ErrNotFound   error = problem.NewKind(http.StatusNotFound, "not-found", "Not found")
	ErrExists     error = problem.NewKind(http.StatusConflict, "blob-exists", "A blob with that key is there already")
	ErrInvalidKey error = problem.NewKind(http.StatusBadRequest, "invalid-key", "Invalid key")
	ErrBusy       error = problem.NewKind(http.StatusLocked, "blob-busy", "Somebody else is writing")
	ErrFull       error = problem.NewKind(http.StatusInsufficientStorage, "storage-full", "Storage is full")
	// ErrUnavailable means that the store could not do it now: an I/O error, a
	// read-only file system, a backend that does not answer.
	ErrUnavailable error = problem.NewKind(http.StatusServiceUnavailable, "storage-unavailable", "Storage is not available")
	// ErrChanged means that an imported file is no longer the file that was imported,
	// or that nobody can tell, since what was written down of it is damaged.
	ErrChanged error = problem.NewKind(http.StatusGone, "source-changed", "The imported file has changed")
)

// Store keeps blobs by key. All methods may be called concurrently.
//
// Keys are as CheckKey says, others are ErrInvalidKey. No key should be the
// beginning of another up to a slash, as "a" is of "a/b": a store that keeps
// files refuses the second of them with ErrExists, at Create or at Commit.
//
// Errors match the sentinels above by errors.Is. A context that ends before the
// work has begun refuses it with the context's error; work that has begun is
// finished, so that a cancelled request never leaves a half-done step.
type Store interface {
	// Create starts a draft. ErrExists when a blob or a draft has the key: of
	// several at once, exactly one wins.
	Create(ctx context.Context, key string) (Draft, error)

	// Append opens a draft again where it ends: at least all that was synced,
	// and all of what it finds is durable, so that Size may be acknowledged.
	// ErrNotFound when there is no draft (a committed blob is none), ErrBusy
	// when another Draft of the same key is open.
	Append(ctx context.Context, key string) (Draft, error)

	// Open opens a committed blob for reading. ErrNotFound when there is none.
	Open(ctx context.Context, key string) (Blob, error)

	// Stat describes a committed blob without opening it.
	Stat(ctx context.Context, key string) (Info, error)

	// List yields the committed blobs whose key begins with prefix, in the
	// order of their keys (byte by byte). An error ends the sequence. The prefix
	// need not end at a slash; one that no key can have yields nothing. What
	// comes or goes meanwhile may be yielded or not.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]

	// Drafts yields the drafts whose key begins with prefix, with the size that
	// they have now, in the order of their keys.
	Drafts(ctx context.Context, prefix string) iter.Seq2[Info, error]

	// Delete removes the blob or draft with this key, open or not; those who
	// have the blob open read on, and who has the draft open gets ErrNotFound
	// from then on. It is durable when it returns. Deleting what is not there is
	// no error.
	Delete(ctx context.Context, key string) error
}

// Draft is a blob that is being written. It is not safe for concurrent use.
// After Close or Commit its methods fail with an error matching fs.ErrClosed,
// all but Size and Close.
type Draft interface {
	// Write appends at Size: all of p, or nothing and an error.
	io.Writer

	// Size is how many bytes have been written, durable or not.
	Size() int64

	// Truncate drops what lies beyond size, which must not exceed Size.
	Truncate(size int64) error

	// Sync makes all that was written durable, and the draft's existence with it.
	// When it fails, Size goes back to what is known to be durable, and Write,
	// Truncate, Sync and Commit fail from then on: close the draft and Append,
	// which finds what is really there.
	Sync() error

	// Commit syncs, makes the blob visible under its key, durably, and closes
	// the draft. ErrExists when a blob took the key meanwhile. After an error
	// the draft is still open: Commit again, or Close and Append.
	Commit(ctx context.Context) error

	// Close lets go of the draft and keeps its bytes for Append. It may have to
	// write them, and reports when it could not. Closing twice, or after Commit,
	// is no error.
	Close() error
}

// Blob is a committed blob, open for reading. ReadAt may be called concurrently;
// beyond the end it answers io.EOF.
//
// Where the blob is elsewhere, each Open and each ReadAt may be a request and a
// wait. Readers of this module keep to this, unless the store is a FileOpener:
// one segment of a file is one ReadAt of its index and one of the file, from the
// first byte that is wanted to the last, where these lie within 8 MiB; a file is
// indexed by some ten of them. Open is called anew for each segment: since a blob
// never changes, a store may answer it from what it remembers. Who can send bytes
// as they arrive implements RangeReader.
type Blob interface {
	io.ReaderAt
	io.Closer
	Info() Info
}

// RangeReader is implemented by blobs that come over a network. Media is then
// sent on while it arrives, of any length by one request, where ReadAt would have
// to fill memory first.
type RangeReader interface {
	// ReadRange asks for length bytes from offset on, all of which lie within the
	// blob. It may be called concurrently. What it returns belongs to one
	// goroutine, which closes it, maybe before its end; that must not wait for the
	// rest to arrive. ctx ends the waiting, at once and later.
	ReadRange(ctx context.Context, offset, length int64) (io.ReadCloser, error)
}

// Info describes a blob or draft.
type Info struct {
	Key     string
	Size    int64     // bytes
	ModTime time.Time // of the last write
}

// FileOpener is implemented by stores whose blobs are files of the operating
// system. The caller owns the file, its read position included, and closes it:
// what sendfile needs. Errors are those of Open.
type FileOpener interface {
	OpenFile(ctx context.Context, key string) (*os.File, error)
}

// DraftReader is implemented by stores whose drafts can be read while they are
// written. Drafts stay hidden from every other method; who reads one has to know
// how many of its bytes count.
type DraftReader interface {
	// OpenDraft opens the draft, whether somebody has it open for writing or not.
	// Bytes that were there at the last Sync are read as they were written, also
	// after the draft has become a blob or was deleted, and never change unless
	// Truncate takes them back. Of others nothing is promised. Info has the size at
	// the moment of opening; what is written later can be read, too. ErrNotFound
	// when there is no draft: a committed blob is none.
	OpenDraft(ctx context.Context, key string) (Blob, error)
}

// Importer is implemented by stores that can take a file as a blob without
// copying it. The file stays where it is and is never written or deleted; once
// it is not the same file any more (size or modification time), Open answers
// ErrChanged, and ErrNotFound when it is gone. List yields it as it was. Delete
// removes the import and leaves the file.
//
// ErrExists as for Create; ErrInvalidKey when path is outside the folders that
// the store was told to import from, or no regular file.
type Importer interface {
	Import(ctx context.Context, key, path string) (Info, error)
}

// Spacer is implemented by stores that know how much room there is.
type Spacer interface {
	// Space is how many bytes can still be written.
	Space(ctx context.Context) (int64, error)
}
