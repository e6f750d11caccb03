package storagetest

import (
	"context"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/streamgate/streamgate/storage"
)

// Remote is another store as if it were far away: no blob of it is a file, and
// each request takes a while and is counted. It tells what readers of a store
// would cost an object storage.
type Remote struct {
	storage.Store

	wait   time.Duration
	ranges bool

	mu    sync.Mutex
	known map[string]bool
	cost  Cost
	keys  map[string]Cost
}

// Cost is what a Remote was asked for.
type Cost struct {
	Opens int   // blobs of which nothing was known yet: a store remembers what never changes
	Reads int   // calls of ReadAt and ReadRange
	Bytes int64 // that these asked for
}

// NewRemote returns a Remote of s whose every request takes wait. With ranges its
// blobs implement storage.RangeReader.
func NewRemote(s storage.Store, wait time.Duration, ranges bool) *Remote {
	return &Remote{Store: s, wait: wait, ranges: ranges, known: map[string]bool{}, keys: map[string]Cost{}}
}

// Cost returns what was asked for since the last call.
func (r *Remote) Cost() Cost {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.cost
	r.cost = Cost{}
	clear(r.keys)
	return c
}

// CostOf returns what was asked for of each blob since the last call of Cost.
func (r *Remote) CostOf() map[string]Cost {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.keys)
}

// Open opens a blob.
func (r *Remote) Open(ctx context.Context, key string) (storage.Blob, error) {
	b, err := r.Store.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	if r.learn(key) {
		time.Sleep(r.wait)
	}
	far := remoteBlob{b, r}
	if r.ranges {
		return rangedBlob{far}, nil
	}
	return far, nil
}

// learn counts the first opening of a blob, and says whether this is it.
func (r *Remote) learn(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[key] {
		return false
	}
	r.known[key] = true
	r.add(key, Cost{Opens: 1})
	return true
}

// Delete forgets what is known of a blob, too.
func (r *Remote) Delete(ctx context.Context, key string) error {
	r.mu.Lock()
	delete(r.known, key)
	r.mu.Unlock()
	return r.Store.Delete(ctx, key)
}

func (r *Remote) count(key string, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(key, Cost{Reads: 1, Bytes: bytes})
}

func (r *Remote) add(key string, c Cost) {
	r.cost, r.keys[key] = r.cost.plus(c), r.keys[key].plus(c)
}

func (c Cost) plus(o Cost) Cost { return Cost{c.Opens + o.Opens, c.Reads + o.Reads, c.Bytes + o.Bytes} }

type remoteBlob struct {
	storage.Blob

	store *Remote
}

func (b remoteBlob) ReadAt(p []byte, off int64) (int, error) {
	b.store.count(b.Info().Key, int64(len(p)))
	time.Sleep(b.store.wait)
	return b.Blob.ReadAt(p, off)
}

type rangedBlob struct{ remoteBlob }

func (b rangedBlob) ReadRange(ctx context.Context, off, length int64) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.store.count(b.Info().Key, length)
	time.Sleep(b.store.wait)
	return io.NopCloser(io.NewSectionReader(b.Blob, off, length)), nil
}
