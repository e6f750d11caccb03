package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// sameFile tells imported files apart: what has the same name and the same size
// as an asset is taken to be in already.
type sameFile struct {
	name string
	size int64
}

// importAll makes assets of the files below dir that are none yet, where they
// lie, while the server serves. A file that is no video is left out, and so is
// what begins with a dot. No dir is no files.
func importAll(ctx context.Context, gate *streamgate.Gate, dir string) {
	if dir == "" {
		return
	}
	known, err := imported(ctx, gate.Metadata())
	if err == nil {
		err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			hidden := path != dir && strings.HasPrefix(filepath.Base(path), ".")
			switch {
			case err != nil:
				return err
			case hidden && entry.IsDir():
				return fs.SkipDir
			case hidden, !entry.Type().IsRegular():
				return nil
			}
			return importFile(ctx, gate, path, entry, known)
		})
	}
	if err != nil && ctx.Err() == nil {
		slog.ErrorContext(ctx, "importing stopped", "dir", dir, "error", err)
	}
}

func importFile(ctx context.Context, gate *streamgate.Gate, path string, entry fs.DirEntry, known map[sameFile]bool) error {
	info, err := entry.Info()
	if err != nil || known[sameFile{entry.Name(), info.Size()}] {
		return err
	}
	asset, err := gate.Import(ctx, operator, path, nil)
	if errors.Is(err, upload.ErrType) || errors.Is(err, upload.ErrEmpty) {
		return nil
	}
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "imported", "file", path, "asset", asset.ID, "state", asset.State)
	return nil
}

// imported pages through all that the operator has.
func imported(ctx context.Context, store metadata.Store) (map[sameFile]bool, error) {
	known := make(map[sameFile]bool)
	for query := (metadata.Query{Owner: operator, Sort: metadata.Oldest, Limit: 100}); ; {
		page, err := store.Search(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, a := range page.Assets {
			known[sameFile{a.Filename, a.Size}] = true
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			return known, nil
		}
	}
}
