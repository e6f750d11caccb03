package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/query"
)

const benchAssets = 10_000

// benchStore returns a store with many assets and a plain pool on the same file.
func benchStore(b *testing.B) (s *store, plain *sql.DB, ids []string) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "x.db")
	db, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	plain, err = sql.Open(driver, dsn(path))
	if err != nil {
		b.Fatal(err)
	}
	plain.SetMaxOpenConns(1)
	b.Cleanup(func() { _, _ = plain.Close(), db.Close() })
	words := []string{"river", "mountain", "city", "night", "morning", "interview", "lecture", "match"}
	if err := db.store.Update(context.Background(), func(tx metadata.Tx) error {
		for i := range benchAssets {
			a := &metadata.Asset{
				ID: metadata.NewID(), Owner: fmt.Sprint("owner", i%10), State: metadata.Ready, Playable: true,
				Title: fmt.Sprint(words[i%8], " ", words[i/8%8], " ", i), Description: "recorded by a camera near the " + words[i/64%8],
				Tags: []string{words[i/3%8], "all"}, Duration: float64(i), Size: int64(i) << 20,
				Tracks: []metadata.Track{{ID: 1, Kind: "video", Codec: "avc1.64001f", Width: 1920, Height: 1080}, {ID: 2, Kind: "audio", Codec: "mp4a.40.2"}},
			}
			ids = append(ids, a.ID)
			if err := tx.InsertAsset(context.Background(), a); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	return db.store, plain, ids
}

// paired runs both by turns and reports the medians and their ratio.
func paired(b *testing.B, ours, bare func(i int) error) {
	b.Helper()
	var a, c []time.Duration
	for i := 0; b.Loop(); i++ {
		begin := time.Now()
		if err := bare(i); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		if err := ours(i); err != nil {
			b.Fatal(err)
		}
		a, c = append(a, time.Since(middle)), append(c, middle.Sub(begin))
	}
	slices.Sort(a)
	slices.Sort(c)
	store, plain := a[len(a)/2], c[len(c)/2]
	b.ReportMetric(0, "ns/op") // of both together, which says nothing
	b.ReportMetric(float64(store.Nanoseconds())/1e3, "store-µs")
	b.ReportMetric(float64(plain.Nanoseconds())/1e3, "bare-µs")
	b.ReportMetric(float64(store)/float64(plain), "ratio")
}

// drain scans every row as it is, without making anything of it.
func drain(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	raw := make([]any, len(columns))
	dest := make([]any, len(columns))
	for i := range raw {
		dest[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
	}
	return rows.Err()
}

func BenchmarkAsset(b *testing.B) {
	s, plain, ids := benchStore(b)
	stmt, err := plain.Prepare(selectAsset)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	paired(b, func(i int) error {
		_, err := s.Asset(ctx, ids[i%len(ids)])
		return err
	}, func(i int) error { return drain(stmt.Query(ids[i%len(ids)])) })
}

// BenchmarkUpdate changes a size, each time durably. Its measure is a
// transaction that reads and writes the same row by two plain statements.
func BenchmarkUpdate(b *testing.B) {
	s, plain, ids := benchStore(b)
	ctx := context.Background()
	paired(b, func(i int) error {
		return s.Update(ctx, func(tx metadata.Tx) error {
			a, err := tx.Asset(ctx, ids[i%len(ids)])
			if err != nil {
				return err
			}
			a.Size++
			return tx.UpdateAsset(ctx, a)
		})
	}, func(i int) error {
		tx, err := plain.Begin()
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if err := drain(tx.Query(selectAsset, ids[(i+1)%len(ids)])); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE assets SET size = size + 1, version = version + 1, updated_at = ? WHERE id = ?`,
			time.Now().UnixMicro(), ids[(i+1)%len(ids)]); err != nil {
			return err
		}
		return tx.Commit()
	})
}

func BenchmarkSearch(b *testing.B) {
	s, plain, _ := benchStore(b)
	ctx := context.Background()
	for _, c := range []struct {
		name string
		q    metadata.Query
	}{
		{"Newest", metadata.Query{Owner: "owner3"}},
		{"ByTitle", metadata.Query{Owner: "owner3", Sort: metadata.ByTitle}},
		{"Tags", metadata.Query{Owner: "owner3", Tags: []string{"river", "all"}}},
		{"RareWord", metadata.Query{Owner: "owner3", Text: "4713"}},
		{"Words", metadata.Query{Owner: "owner3", Text: "river mount"}},
		{"CommonWord", metadata.Query{Owner: "owner3", Text: "camera"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			p, err := query.Prepare(c.q)
			if err != nil {
				b.Fatal(err)
			}
			text, args, err := searchSQL(p)
			if err != nil {
				b.Fatal(err)
			}
			stmt, err := plain.Prepare(text)
			if err != nil {
				b.Fatal(err)
			}
			paired(b, func(int) error {
				_, err := s.Search(ctx, c.q)
				return err
			}, func(int) error { return drain(stmt.Query(args...)) })
		})
	}
}
