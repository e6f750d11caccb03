package postgres_test

import (
	"context"
	"log/slog"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

func ExampleOpen() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	db, err := postgres.Open(ctx, "postgres://video@db.invalid/video?pool_max_conns=20&sslmode=verify-full", &postgres.Options{Wait: 10 * time.Second})
	if err != nil { // as there is no such server
		slog.Debug("no database", "error", err)
		return
	}
	defer db.Close()
	page, err := db.Metadata().Search(ctx, metadata.Query{Text: "sea holi"})
	slog.Info("found", "assets", len(page.Assets), "error", err)
	// Output:
}

// A row of the application's own commits with the asset, or not at all.
func ExampleTransaction() {
	publish := func(ctx context.Context, store metadata.Store, a *metadata.Asset, course int) error {
		return store.Update(ctx, func(tx metadata.Tx) error {
			if err := tx.InsertAsset(ctx, a); err != nil {
				return err
			}
			sql, ok := postgres.Transaction(tx)
			if !ok {
				return nil // another database
			}
			_, err := sql.Exec(ctx, `INSERT INTO lessons (course, asset) VALUES ($1, $2)`, course, a.ID)
			return err
		})
	}
	_ = publish
	// Output:
}
