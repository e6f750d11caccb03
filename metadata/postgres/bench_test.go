package postgres_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// contestants are the databases that are measured on the same machine with the same
// assets: SQLite in a file, and a PostgreSQL that syncs what it commits.
var contestants = []struct {
	name string
	open func(b *testing.B) metadata.Store
}{
	{"sqlite", func(b *testing.B) metadata.Store {
		db, err := sqlite.Open(filepath.Join(b.TempDir(), "x.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = db.Close() })
		return db.Metadata()
	}},
	{"postgres", func(b *testing.B) metadata.Store {
		dsn := pgtest.Start(b, true).Database(b)
		db, err := postgres.Open(context.Background(), dsn+" pool_max_conns=16", nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = db.Close() })
		return db.Metadata()
	}},
}

var vocabulary = []string{"river", "mountain", "city", "night", "morning", "interview", "lecture", "match"}

func benchAsset(i int) *metadata.Asset {
	return &metadata.Asset{
		ID: metadata.NewID(), Owner: fmt.Sprint("owner", i%10), State: metadata.Ready, Playable: true,
		Title: fmt.Sprint(vocabulary[i%8], " ", vocabulary[i/8%8], " ", i), Description: fmt.Sprint("recorded by a camera near the ", vocabulary[i/64%8], " scene", i%997, " take", i%211),
		Tags: []string{vocabulary[i/3%8], "all"}, Duration: float64(i), Size: int64(i) << 20,
		Tracks: []metadata.Track{{ID: 1, Kind: "video", Codec: "avc1.64001f", Width: 1920, Height: 1080}, {ID: 2, Kind: "audio", Codec: "mp4a.40.2"}},
	}
}

// fill inserts n assets, and leaves the database as it is some minutes later.
func fill(b *testing.B, s metadata.Store, n int) (ids []string) {
	b.Helper()
	ctx := context.Background()
	for begin := 0; begin < n; begin += 5000 {
		if err := s.Update(ctx, func(tx metadata.Tx) error {
			for i := begin; i < min(begin+5000, n); i++ {
				a := benchAsset(i)
				ids = append(ids, a.ID)
				if err := tx.InsertAsset(ctx, a); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	if err := postgres.Vacuum(ctx, s); err != nil {
		b.Fatal(err)
	}
	return ids
}

// each runs a benchmark over every contestant with so many assets.
func each(b *testing.B, sizes []int, run func(b *testing.B, s metadata.Store, ids []string)) {
	for _, n := range sizes {
		for _, c := range contestants {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				s := c.open(b)
				run(b, s, fill(b, s, n))
			})
		}
	}
}

var sizes = []int{10_000, 100_000}

func BenchmarkAsset(b *testing.B) {
	each(b, sizes[:1], func(b *testing.B, s metadata.Store, ids []string) {
		for i := 0; b.Loop(); i++ {
			if _, err := s.Asset(context.Background(), ids[i%len(ids)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// aloneAndTogether runs an Update for one writer, and for sixteen.
func aloneAndTogether(b *testing.B, update func(i int) error) {
	var n atomic.Int64
	b.Run("1 writer", func(b *testing.B) {
		for b.Loop() {
			if err := update(int(n.Add(1))); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("16 writers", func(b *testing.B) {
		b.SetParallelism(max(1, 16/runtime.GOMAXPROCS(0)))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := update(int(n.Add(1))); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkCreate inserts one asset in each transaction.
func BenchmarkCreate(b *testing.B) {
	each(b, sizes, func(b *testing.B, s metadata.Store, _ []string) {
		ctx := context.Background()
		aloneAndTogether(b, func(i int) error {
			return s.Update(ctx, func(tx metadata.Tx) error { return tx.InsertAsset(ctx, benchAsset(i)) })
		})
	})
}

// BenchmarkUpdate reads and changes one asset in each transaction.
func BenchmarkUpdate(b *testing.B) {
	each(b, sizes, func(b *testing.B, s metadata.Store, ids []string) {
		ctx := context.Background()
		aloneAndTogether(b, func(i int) error {
			return s.Update(ctx, func(tx metadata.Tx) error {
				a, err := tx.Asset(ctx, ids[i%len(ids)])
				if err != nil {
					return err
				}
				a.Size++
				return tx.UpdateAsset(ctx, a)
			})
		})
	})
}

func BenchmarkSearch(b *testing.B) {
	each(b, sizes, func(b *testing.B, s metadata.Store, _ []string) {
		for _, c := range []struct {
			name string
			q    metadata.Query
		}{
			{"Newest", metadata.Query{Owner: "owner3"}},
			{"ByTitle", metadata.Query{Owner: "owner3", Sort: metadata.ByTitle}},
			{"Tags", metadata.Query{Owner: "owner3", Tags: []string{"river", "all"}}},
			{"RareWord", metadata.Query{Owner: "owner3", Text: "4713"}},
			{"RareNewest", metadata.Query{Owner: "owner3", Text: "4713", Sort: metadata.Newest}},
			{"Words", metadata.Query{Owner: "owner3", Text: "river mount"}},
			{"CommonWord", metadata.Query{Owner: "owner3", Text: "camera"}},
			{"CommonNewest", metadata.Query{Owner: "owner3", Text: "camera", Sort: metadata.Newest}},
		} {
			b.Run(c.name, func(b *testing.B) {
				for b.Loop() {
					page, err := s.Search(context.Background(), c.q)
					if err != nil || len(page.Assets) == 0 {
						b.Fatalf("%d found, %v", len(page.Assets), err)
					}
				}
			})
		}
	})
}
