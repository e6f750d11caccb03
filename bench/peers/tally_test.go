package peers

import (
	"context"
	"sync"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// A tally counts what is asked of the stores, and for how long that is waited.
type tally struct {
	mu sync.Mutex
	of map[string]spent
}

// spent is on calls of one kind.
type spent struct {
	Calls int
	Time  time.Duration
}

// since is for a defer: it counts one call that began at start.
func (t *tally) since(start time.Time, what string) {
	took := time.Since(start)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = make(map[string]spent)
	}
	s := t.of[what]
	t.of[what] = spent{s.Calls + 1, s.Time + took}
}

// take returns what was counted since the last take.
func (t *tally) take() map[string]spent {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.of
	t.of = nil
	return of
}

// talliedMeta counts transactions, each of which is one sync of the database's
// log, and reads.
type talliedMeta struct {
	metadata.Store
	t *tally
}

func (m *talliedMeta) Update(ctx context.Context, fn func(metadata.Tx) error) error {
	defer m.t.since(time.Now(), "transaction")
	return m.Store.Update(ctx, func(tx metadata.Tx) error {
		defer m.t.since(time.Now(), "transaction-before-commit")
		return fn(tx)
	})
}

func (m *talliedMeta) Asset(ctx context.Context, id string) (*metadata.Asset, error) {
	defer m.t.since(time.Now(), "read")
	return m.Store.Asset(ctx, id)
}

func (m *talliedMeta) Upload(ctx context.Context, id string) (*metadata.Upload, error) {
	defer m.t.since(time.Now(), "read")
	return m.Store.Upload(ctx, id)
}

// talliedFiles counts what is done with drafts. A sync syncs the file, and the
// directories that lead to it where they are new; a commit the same, and both
// ends of the move.
type talliedFiles struct {
	storage.Store
	t *tally
}

func (f *talliedFiles) Create(ctx context.Context, key string) (storage.Draft, error) {
	defer f.t.since(time.Now(), "draft-create")
	d, err := f.Store.Create(ctx, key)
	if err != nil {
		return nil, err
	}
	return &talliedDraft{d, f.t}, nil
}

func (f *talliedFiles) Append(ctx context.Context, key string) (storage.Draft, error) {
	defer f.t.since(time.Now(), "draft-append")
	d, err := f.Store.Append(ctx, key)
	if err != nil {
		return nil, err
	}
	return &talliedDraft{d, f.t}, nil
}

type talliedDraft struct {
	storage.Draft
	t *tally
}

func (d *talliedDraft) Write(p []byte) (int, error) {
	defer d.t.since(time.Now(), "draft-write")
	return d.Draft.Write(p)
}

func (d *talliedDraft) Sync() error {
	defer d.t.since(time.Now(), "draft-sync")
	return d.Draft.Sync()
}

func (d *talliedDraft) Commit(ctx context.Context) error {
	defer d.t.since(time.Now(), "draft-commit")
	return d.Draft.Commit(ctx)
}

func (d *talliedDraft) Close() error {
	defer d.t.since(time.Now(), "draft-close")
	return d.Draft.Close()
}
