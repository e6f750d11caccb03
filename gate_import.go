package streamgate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/upload"
)

// ImportOptions are what may be said of a file that is imported; nil means the
// defaults.
type ImportOptions struct {
	// Title, Description and Tags describe the asset. Default: the title is the
	// file's name without its extension, the rest is empty.
	Title       string
	Description string
	Tags        []string
	// Hash reads the whole file to write down its SHA-256. Default: false.
	Hash bool
}

// Import makes an asset of a file that is there already, below a folder named
// by WithImportFolder. The file is not copied, and never written or deleted; an
// asset whose file changes afterwards stops playing, with storage.ErrChanged.
//
// The asset is as an upload of the file would have made it: Ready, or Failed
// with an Error that says why. It belongs to owner. Errors are those of the
// stores, upload.ErrType for what is no media, and storage.ErrInvalidKey for a
// path outside the folders; after one, there is no asset.
func (g *Gate) Import(ctx context.Context, owner, path string, o *ImportOptions) (*metadata.Asset, error) {
	if owner == "" || len(owner) > auth.MaxIDLength {
		return nil, fmt.Errorf("streamgate: importing %s: the owner %q is no principal's id", path, owner)
	}
	importer, ok := g.files.(storage.Importer)
	if !ok {
		return nil, fmt.Errorf("streamgate: importing %s: this storage (%T) cannot take files without copying them", path, g.files)
	}
	if o == nil {
		o = new(ImportOptions)
	}
	im := newImported(owner, path, o)
	if err := im.asset.Validate(); err != nil {
		return nil, fmt.Errorf("streamgate: importing %s: %w", path, err)
	}
	g.importing.RLock()
	defer g.importing.RUnlock()
	info, err := importer.Import(ctx, im.upload.Key, path)
	if err == nil {
		err = g.adopt(ctx, im, info, o)
	}
	if err != nil {
		return nil, fmt.Errorf("streamgate: importing %s: %w", path, err)
	}
	return g.meta.Asset(ctx, im.asset.ID)
}

// imported is an asset in the making. Its upload is one that was complete from
// the beginning, so that everything that knows uploads knows it, too.
type imported struct {
	asset  *metadata.Asset
	upload *metadata.Upload
}

func newImported(owner, path string, o *ImportOptions) imported {
	now := time.Now()
	a := &metadata.Asset{
		ID: metadata.NewID(), Owner: owner, State: metadata.Processing,
		Title: o.Title, Description: o.Description, Tags: o.Tags, Filename: metadata.InertFilename(filepath.Base(path)),
	}
	if a.Title == "" {
		a.Title = metadata.TitleOf(a.Filename)
	}
	u := &metadata.Upload{
		ID: metadata.NewID(), Asset: a.ID, Owner: owner, State: metadata.UploadComplete,
		Filename: a.Filename, Protocol: "import", CreatedAt: now,
	}
	u.Key = upload.SourceKey(a.ID, u.ID) // the asset's Source once it was inspected
	return imported{a, u}
}

// adopt looks at the file, writes it down and inspects it. What fails leaves
// nothing behind.
func (g *Gate) adopt(ctx context.Context, im imported, info storage.Info, o *ImportOptions) error {
	err := g.look(ctx, im, info, o.Hash)
	if err == nil {
		err = g.insert(ctx, im)
	}
	if err != nil {
		return errors.Join(err, g.files.Delete(context.WithoutCancel(ctx), im.upload.Key))
	}
	err = upload.Inspect(ctx, &upload.Completed{
		Upload: im.upload, Asset: im.asset, Files: g.files, Meta: g.meta, Cut: g.cut(), Recorder: g.recorder(),
		Transcoder: g.coder != nil, Waits: g.waits(), Replaced: g.replaced(),
	})
	if err != nil {
		return errors.Join(err, g.retract(context.WithoutCancel(ctx), im.asset))
	}
	return nil
}

// look finds type and size, and the checksum where it is wanted.
func (g *Gate) look(ctx context.Context, im imported, info storage.Info, hash bool) error {
	blob, err := g.files.Open(ctx, im.upload.Key)
	if err != nil {
		return err
	}
	defer blob.Close() //nolint:errcheck // read only
	head := make([]byte, min(info.Size, media.SniffLen))
	if _, err := blob.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	kind, ok := media.Sniff(head)
	if !ok {
		return fmt.Errorf("it is not a video or audio file: %w", upload.ErrType)
	}
	a, u := im.asset, im.upload
	a.Type, a.Size = string(kind), info.Size
	u.Type, u.Size, u.Offset = a.Type, info.Size, info.Size
	if !hash {
		return nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, &readerUntil{ctx, io.NewSectionReader(blob, 0, info.Size)}); err != nil {
		return err
	}
	a.SHA256 = hex.EncodeToString(sum.Sum(nil))
	u.SHA256 = a.SHA256
	return nil
}

// insert writes asset and upload down in one transaction.
func (g *Gate) insert(ctx context.Context, im imported) error {
	e := events.Event{
		Type: events.AssetCreated, Owner: im.asset.Owner, Actor: auth.FromContext(ctx).ID, Asset: im.asset.ID,
		Data: map[string]any{"title": im.asset.Title, "imported": true},
	}
	if err := g.recorder().Record(ctx, e); err != nil {
		return err
	}
	return g.meta.Update(ctx, func(tx metadata.Tx) error {
		a, u, e := im.asset.Clone(), *im.upload, e
		if err := tx.InsertAsset(ctx, a); err != nil {
			return err
		}
		if err := tx.InsertUpload(ctx, &u); err != nil {
			return err
		}
		if err := tx.Emit(ctx, &e); err != nil {
			return err
		}
		*im.asset, *im.upload = *a, u
		return nil
	})
}

// retract removes an asset that could not be inspected. Its files go as those
// of every deleted asset.
func (g *Gate) retract(ctx context.Context, a *metadata.Asset) error {
	return g.meta.Update(ctx, func(tx metadata.Tx) error {
		e, err := metadata.DeletedEvent(ctx, tx, a)
		if err != nil {
			return err
		}
		if err := tx.DeleteAsset(ctx, a.ID); err != nil {
			return err
		}
		return tx.Emit(ctx, e)
	})
}

// readerUntil ends a long read when ctx does.
type readerUntil struct {
	ctx context.Context //nolint:containedctx // one call's own
	r   io.Reader
}

func (r *readerUntil) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
