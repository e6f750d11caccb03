package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// sameFile tells imported files apart: what has the same name and the same size
// as an asset is taken to be in already. The name is as an asset has it, without
// what may not stand in one.
type sameFile struct {
	name string
	size int64
}

// importing is one walk through a folder.
type importing struct {
	gate                         *streamgate.Gate
	known                        map[sameFile]bool
	imported, old, other, failed int
}

// checkImports says that the folder cannot be read before anything else is
// blamed for it.
func checkImports(dir string) error {
	if dir == "" {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err == nil {
		return root.Close()
	}
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		err = cause.Err
	}
	return fmt.Errorf("cannot import from the folder %s: %w", dir, err)
}

// importAll makes assets of the files below dir that are none yet, where they
// lie, while the server serves. A file that is no video is left out, and so is
// what begins with a dot. What cannot be read keeps nothing else from coming
// in. No dir is no files.
func importAll(ctx context.Context, gate *streamgate.Gate, dir string) {
	if dir == "" {
		return
	}
	known, err := imported(ctx, gate.Metadata())
	im := importing{gate: gate, known: known}
	if err == nil {
		err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			hidden := path != dir && strings.HasPrefix(filepath.Base(path), ".")
			switch {
			case err != nil && path != dir:
				slog.WarnContext(ctx, "not imported", "path", path, "error", err)
				im.failed++
				return nil
			case err != nil:
				return err
			case hidden && entry.IsDir():
				return fs.SkipDir
			case hidden, !entry.Type().IsRegular():
				return nil
			}
			im.file(ctx, path, entry)
			return ctx.Err()
		})
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		slog.ErrorContext(ctx, "importing stopped", "dir", dir, "error", err)
	default:
		slog.InfoContext(ctx, "importing is done", "dir", dir,
			"imported", im.imported, "in_already", im.old, "no_media", im.other, "failed", im.failed)
	}
}

// file imports one file; what is wrong with it is logged, and no reason to end.
func (im *importing) file(ctx context.Context, path string, entry fs.DirEntry) {
	info, err := entry.Info()
	if err == nil && im.known[sameFile{metadata.InertFilename(entry.Name()), info.Size()}] {
		im.old++
		return
	}
	var asset *metadata.Asset
	if err == nil {
		asset, err = im.gate.Import(ctx, operator, path, nil)
	}
	switch {
	case ctx.Err() != nil: // the next start goes on
	case errors.Is(err, upload.ErrType), errors.Is(err, upload.ErrEmpty):
		im.other++
		slog.InfoContext(ctx, "skipped: it is no video or audio file", "path", path)
	case err != nil:
		im.failed++
		slog.WarnContext(ctx, "not imported", "path", path, "error", err)
	case asset.State == metadata.Failed:
		im.failed++
		slog.WarnContext(ctx, "imported, but it cannot be played", "path", path, "asset", asset.ID, "reason", asset.Error)
	default:
		im.imported++
		slog.InfoContext(ctx, "imported", "path", path, "asset", asset.ID, "state", asset.State)
	}
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
