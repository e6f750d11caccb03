package metadata

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the types of posters
	_ "image/png"
	"path"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

// The limits of posters.
const (
	MaxPosterBytes = 4 << 20
	maxPosterSide  = 1 << 13 // pixels
)

// postersOf begins the storage keys of an asset's posters.
func postersOf(assetID string) string { return prefixOf(assetID) + "posters/" }

// sentPoster begins the name of a poster that somebody sent. Its size follows, which
// counts for what the owner has stored.
const sentPoster = "sent-"

// posterTypes are the formats of posters: what image calls them, and what their keys
// end in.
var posterTypes = map[string]string{"jpeg": ".jpg", "png": ".png"}

// PosterSent is the size of the asset's poster in bytes, where somebody sent it; 0
// where it was made of the film, or there is none. One that was made gives way to one
// that is sent, and goes with its film.
func (a *Asset) PosterSent() int64 {
	name, ok := strings.CutPrefix(path.Base(a.Poster), sentPoster)
	if !ok {
		return 0
	}
	digits, _, _ := strings.Cut(name, "-")
	size, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return size
}

// PosterPath is where the poster of the asset lies below what plays assets, such as
// "{id}/{revision}/poster.jpg"; "" where there is none. Another picture has another.
func (a *Asset) PosterPath() string {
	if a.Poster == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("poster " + a.Poster))
	return a.ID + "/" + hex.EncodeToString(sum[:12]) + "/poster" + path.Ext(a.Poster)
}

// A Poster is a picture that stands for an asset, for SetPoster.
type Poster struct {
	Picture []byte // JPEG or PNG

	// Revision is that of the asset when the picture was made of its film: then it is
	// only for an asset that has none, and goes with that film. Default: "", and it is
	// one that somebody chose.
	Revision string

	// Prefix begins the storage key of one that was made, below that of the asset and
	// another each time: who gives one finds there what a crash has left before the
	// asset referred to it. Default: a new one.
	Prefix string
}

// SetPoster gives an asset a poster, in place of the one that it has, which RemoveFiles
// removes.
//
// Errors match ErrInvalid where it is no such picture, or ErrNotFound, or ErrConflict
// where the asset has another revision by now; or are those of the stores and ctx.
// Where there is one, the asset has what it had.
func SetPoster(ctx context.Context, files storage.Store, meta Store, assetID string, p Poster) error {
	prefix := cmp.Or(p.Prefix, postersOf(assetID)+NewID())
	if p.Revision == "" {
		prefix = newSentPoster(assetID, len(p.Picture))
	}
	key, err := keepPoster(ctx, files, prefix, p.Picture)
	if err != nil {
		return err
	}
	used := false
	err = meta.Update(ctx, func(tx Tx) error {
		a, err := tx.Asset(ctx, assetID)
		switch {
		case err != nil:
			return err
		case p.Revision != "" && a.Revision != p.Revision:
			return problem.Errorf(ErrConflict, "the asset got another file meanwhile")
		case p.Revision != "" && a.Poster != "":
			return nil
		}
		used = true
		e := &events.Event{Type: events.AssetUpdated, Owner: a.Owner, Asset: a.ID, Data: a.setPoster(key)}
		if err := tx.UpdateAsset(ctx, a); err != nil {
			return err
		}
		return tx.Emit(ctx, e)
	})
	if err == nil && used {
		return nil
	}
	return errors.Join(err, dropPoster(ctx, files, meta, assetID, key))
}

// setPoster has the asset refer to another poster, or to none, and returns what the
// event of that says.
func (a *Asset) setPoster(key string) map[string]any {
	data := map[string]any{"poster": key != ""}
	if a.Poster != "" {
		data["keys"] = []any{a.Poster}
	}
	a.Poster = key
	return data
}

// newSentPoster begins the key of a poster that somebody sent.
func newSentPoster(assetID string, size int) string {
	return postersOf(assetID) + sentPoster + strconv.Itoa(size) + "-" + NewID()
}

// keepPoster writes a picture that nothing refers to yet.
func keepPoster(ctx context.Context, files storage.Store, prefix string, picture []byte) (key string, err error) {
	ending, err := checkPoster(picture)
	if err != nil {
		return "", err
	}
	key = prefix + ending
	if err := store(ctx, files, key, picture, "this picture"); err != nil {
		return "", fmt.Errorf("metadata: keeping a poster: %w", err)
	}
	return key, nil
}

// dropPoster removes a picture, unless the asset refers to it all the same: a
// transaction that failed may have been committed.
func dropPoster(ctx context.Context, files storage.Store, meta Store, assetID, key string) error {
	ctx = context.WithoutCancel(ctx)
	a, err := meta.Asset(ctx, assetID)
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		return nil // it is removed with the next change of the poster
	case err == nil && a.Poster == key:
		return nil
	}
	return files.Delete(ctx, key)
}

// checkPoster looks at the head of a picture, and returns what its key ends in.
func checkPoster(picture []byte) (ending string, err error) {
	if len(picture) > MaxPosterBytes {
		return "", problem.Errorf(ErrInvalid, "it has %d bytes, more than %d", len(picture), MaxPosterBytes)
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(picture))
	ending, ok := posterTypes[format]
	switch {
	case err != nil || !ok:
		return "", problem.Errorf(ErrInvalid, "a poster is a picture as JPEG or PNG, and this is neither")
	case c.Width < 1 || c.Height < 1 || c.Width > maxPosterSide || c.Height > maxPosterSide:
		return "", problem.Errorf(ErrInvalid, "it has %d × %d pixels; up to %d × %d are possible", c.Width, c.Height, maxPosterSide, maxPosterSide)
	}
	return ending, nil
}
