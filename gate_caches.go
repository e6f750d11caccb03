package streamgate

import (
	"context"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/cache"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metrics"
)

// How much is kept in memory, and for how long.
const (
	cachedAssets    = 10_000
	cachedAssetsFor = 30 * time.Minute
	// Where other processes may write to the same database.
	cachedAssetsShared = time.Second
	// What /ready says: a flood of questions is one to the stores.
	cachedReadyFor = time.Second
	serviceBytes   = 64 << 20
)

// caches are those of a Gate.
type caches struct {
	presentations *cache.Cache[string, any] // indexes and playlists, by asset and revision
	assets        *cache.Cache[string, *metadata.Asset]
	ready         *cache.Cache[struct{}, readiness]
	service       *cache.Cache[string, cache.Value] // what operators keep at /v1/cache
}

// openCaches makes them, and has them measured.
func (g *Gate) openCaches() (err error) {
	ttl := cachedAssetsFor
	if g.o.meta != nil {
		ttl = cachedAssetsShared
	}
	c := &g.caches
	if c.presentations, err = openCache(g, "streaming", &cache.Options[string, any]{MaxCost: hls.DefaultCacheBytes}); err != nil {
		return err
	}
	if c.assets, err = openCache(g, "metadata", &cache.Options[string, *metadata.Asset]{MaxEntries: cachedAssets, TTL: ttl}); err != nil {
		return err
	}
	if c.ready, err = openCache(g, "ready", &cache.Options[struct{}, readiness]{MaxEntries: 2, TTL: cachedReadyFor}); err != nil {
		return err
	}
	c.service, err = openCache(g, "service", &cache.Options[string, cache.Value]{MaxCost: serviceBytes, Cost: cache.ValueCost})
	return err
}

func openCache[K comparable, V any](g *Gate, name string, o *cache.Options[K, V]) (*cache.Cache[K, V], error) {
	c, err := cache.New(o)
	if err != nil {
		return nil, fmt.Errorf("streamgate: the cache %s: %w", name, err)
	}
	g.closers = append(g.closers, c.Close)
	err = g.counts.Cache(name, func() metrics.CacheStats {
		s := c.Stats()
		stats := metrics.CacheStats{Hits: s.Hits, Misses: s.Misses, Evictions: s.Evictions, Entries: int64(s.Entries)}
		if o.MaxCost > 0 {
			stats.Bytes = s.Cost
		}
		return stats
	})
	if err != nil {
		return nil, fmt.Errorf("streamgate: the cache %s: %w", name, err)
	}
	return c, nil
}

// cachingStore answers for assets out of the cache. Transactions do not use it,
// and whatever they change is taken out before they are over: see wakingStore.
type cachingStore struct {
	metadata.Store

	assets *cache.Cache[string, *metadata.Asset]
}

func (s cachingStore) Asset(ctx context.Context, id string) (*metadata.Asset, error) {
	a, err := s.assets.GetOrLoad(ctx, id, s.Store.Asset)
	if err != nil {
		return nil, err
	}
	return a.Clone(), nil // the caller's own
}

// notingTx notes the assets that it changes.
type notingTx struct {
	metadata.Tx

	changed *[]string
}

// Unwrap is the transaction below, for what else commits with it.
func (t notingTx) Unwrap() metadata.Tx { return t.Tx }

func (t notingTx) InsertAsset(ctx context.Context, a *metadata.Asset) error {
	*t.changed = append(*t.changed, a.ID)
	return t.Tx.InsertAsset(ctx, a)
}

func (t notingTx) UpdateAsset(ctx context.Context, a *metadata.Asset) error {
	*t.changed = append(*t.changed, a.ID)
	return t.Tx.UpdateAsset(ctx, a)
}

func (t notingTx) DeleteAsset(ctx context.Context, id string) error {
	*t.changed = append(*t.changed, id)
	return t.Tx.DeleteAsset(ctx, id)
}

// cacheRoute is the cache service.
func (g *Gate) cacheRoute() (route, error) {
	everybody := auth.AuthorizerFunc(func(context.Context, auth.Principal, auth.Action, auth.Object) error { return nil })
	h, err := cache.NewHandler(g.caches.service, &cache.HandlerOptions{
		Authorizer: everybody, Recorder: g.recorder(), CrossOrigin: g.crossOrigin, // who reaches the admin plane may use it
	})
	if err != nil {
		return route{}, fmt.Errorf("streamgate: the cache service: %w", err)
	}
	return route{path: "/v1/cache", service: "cache", open: true, handler: h, endpoints: []endpoint{
		{pattern: ""}, {pattern: "/stats"}, {pattern: "/{key}"},
	}}, nil
}
