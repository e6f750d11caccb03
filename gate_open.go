package streamgate

import (
	"context"
	"fmt"
	"path/filepath"

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
	if meta == nil {
		db, err := sqlite.Open(filepath.Join(dir, databaseName))
		if err != nil {
			return fmt.Errorf("streamgate: opening the database: %w", err)
		}
		g.closers = append(g.closers, db.Close)
		meta = db.Metadata()
	}
	g.meta = &wakingStore{Store: meta, wake: g.wake}
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
// wait for the next poll.
type wakingStore struct {
	metadata.Store
	wake func()
}

func (s *wakingStore) Update(ctx context.Context, fn func(tx metadata.Tx) error) error {
	err := s.Store.Update(ctx, fn)
	if err == nil {
		s.wake()
	}
	return err
}

func (g *Gate) wake() { g.dispatcher.Wake() }
