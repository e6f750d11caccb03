package streamgate

import (
	"context"
	"fmt"
	"path/filepath"

	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage/disk"
)

const databaseName = "streamgate.db"

// open opens the stores that the application did not bring.
func (g *Gate) open(dir string) error {
	g.files = g.o.files
	if g.o.files == nil || g.o.meta == nil {
		if err := g.openDirectory(dir); err != nil {
			return err
		}
	}
	meta := g.o.meta
	g.jobDatabase = g.o.jobDatabase
	if meta == nil {
		db, err := sqlite.Open(filepath.Join(dir, databaseName))
		if err != nil {
			return fmt.Errorf("streamgate: opening the database: %w", err)
		}
		g.closers = append(g.closers, db.Close)
		meta = db.Metadata()
		if g.jobDatabase == nil {
			g.jobDatabase = jobsqlite.Database(db)
		}
	}
	g.meta = &wakingStore{Store: meta, changed: g.changed}
	return nil
}

// openDirectory takes the data directory, also where only the database lies in
// it: the lock is the disk store's.
func (g *Gate) openDirectory(dir string) error {
	d, err := disk.OpenWith(dir, &disk.Options{ImportFolders: g.o.importFolders})
	if err != nil {
		return fmt.Errorf("streamgate: opening the data directory: %w", err)
	}
	g.closers = append(g.closers, d.Close)
	if g.files == nil {
		g.files = d
	}
	return nil
}

// wakingStore wakes the dispatcher after each change, so that its events do not
// wait for the next poll, and takes what was changed out of the cache.
type wakingStore struct {
	metadata.Store

	changed func(assets []string, done bool)
}

// Unwrap is the store that it wakes for.
func (s *wakingStore) Unwrap() metadata.Store { return s.Store }

func (s *wakingStore) Update(ctx context.Context, fn func(tx metadata.Tx) error) error {
	var assets []string
	err := s.Store.Update(ctx, func(tx metadata.Tx) error { return fn(notingTx{tx, &assets}) })
	s.changed(assets, err == nil)
	return err
}

// changed is called when a transaction is over. Of one that failed nobody knows
// for certain whether it is in the database.
func (g *Gate) changed(assets []string, done bool) {
	g.caches.assets.DeleteMany(assets...)
	if done {
		g.dispatcher.Wake()
	}
}
