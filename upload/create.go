package upload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
)

// A creation is what a client says of a file before its bytes.
type creation struct {
	protocol string
	size     int64 // in bytes; -1 while it is not known
	about    about
	metadata map[string]string // as the client sent it

	concat string   // Upload-Concat, or ""
	parts  []string // of a final upload: the ids; then id and owner are set, too
	id     string   // default: a new one
	owner  string   // default: who asks
}

// SourceKey and IndexKey say where the bytes of an upload and the index of its
// media lie in the storage.Store.
func SourceKey(assetID, uploadID string) string {
	return "assets/" + assetID + "/" + uploadID + "/source"
}

// IndexKey is where Inspect keeps the index, see SourceKey.
func IndexKey(assetID, uploadID string) string {
	return "assets/" + assetID + "/" + uploadID + "/index"
}

// create makes the rows of an upload and, where it does not add to one, of its
// asset, and returns the upload held by this request. There is no draft yet.
func (up *Uploader) create(ctx context.Context, c creation) (s *session, err error) {
	owner, err := up.admit(ctx, c)
	if err == nil {
		err = up.consult(ctx, owner, &c)
	}
	if err != nil {
		return nil, err
	}
	u := &metadata.Upload{
		ID: cmp.Or(c.id, metadata.NewID()), Asset: c.about.assetID, Rendition: c.about.rendition, Owner: owner,
		State: metadata.UploadOpen, Size: c.size, Filename: c.about.filename, Protocol: c.protocol,
		Metadata: c.metadata, Concat: c.concat, ExpiresAt: time.Now().Add(up.o.Expiry),
	}
	if c.concat == concatPartial {
		u.Key = partKey(u.ID)
	} else {
		u.Asset = cmp.Or(u.Asset, metadata.NewID())
		u.Key = SourceKey(u.Asset, u.ID)
	}
	h, err := up.holds.take(u.ID) // first: nobody may find the upload unheld
	if err != nil {
		return nil, err
	}
	defer func() {
		if s == nil { // a hook may also have panicked
			h.release()
		}
	}()
	if err := up.insert(ctx, u, c); err != nil {
		return nil, err
	}
	return up.newSession(ctx, h, u), nil
}

// admit says whether this principal may begin this upload, and whose it will be.
func (up *Uploader) admit(ctx context.Context, c creation) (owner string, err error) {
	p := auth.FromContext(ctx)
	owner = cmp.Or(c.owner, p.ID)
	err = up.o.Authorizer.Authorize(ctx, p, auth.Create, auth.Object{Kind: auth.Upload, Owner: owner})
	switch {
	case err != nil:
		return "", err
	case up.holds.isDraining():
		return "", errDraining()
	case up.o.MaxSize > 0 && c.size > up.o.MaxSize:
		return "", up.errTooLarge()
	case c.size == 0:
		return "", errEmpty()
	case c.about.assetID == "" && c.about.rendition != "":
		return "", problem.Errorf(problem.ErrBadRequest, "a rendition is one of an asset: say of which, in asset_id")
	case c.about.assetID == "":
		return owner, nil
	case c.about.rendition != "":
		if err := metadata.CheckRenditionName(c.about.rendition); err != nil {
			return "", err
		}
	}
	return up.admitTo(ctx, p, c.about)
}

// admitTo says whether a file may be added to an asset that exists, and whose
// that is.
func (up *Uploader) admitTo(ctx context.Context, p auth.Principal, told about) (owner string, err error) {
	id := told.assetID
	missing := problem.Errorf(ErrNotFound, "there is no asset %q to add a file to", id)
	if !metadata.IsID(id) {
		return "", missing
	}
	a, err := up.meta.Asset(ctx, id)
	if errors.Is(err, metadata.ErrNotFound) {
		return "", missing
	}
	if err != nil {
		return "", fmt.Errorf("upload: reading asset %s: %w", id, err)
	}
	err = up.o.Authorizer.Authorize(ctx, p, auth.Update, auth.Object{Kind: auth.Asset, ID: id, Owner: a.Owner})
	if errors.Is(err, auth.ErrNotFound) {
		return "", missing
	}
	if err == nil && told.rendition != "" && (!a.Playable || a.Growing()) {
		err = problem.Errorf(rendition.ErrNoSource, "the asset %q does not play yet, so nothing can be a rendition of it", id)
	}
	return a.Owner, err
}

func errEmpty() error { return problem.Errorf(ErrEmpty, "the file is empty: it has no bytes") }

// insert writes the rows and the events in one transaction.
func (up *Uploader) insert(ctx context.Context, u *metadata.Upload, c creation) error {
	created := up.event(ctx, events.UploadCreated, u)
	created.Data = map[string]any{"size": u.Size, "protocol": u.Protocol, "filename": u.Filename}
	allowed, err := up.allowanceOf(ctx, u.Owner)
	if err != nil {
		return err
	}
	if len(c.parts) > 0 { // its bytes are counted as those of its parts, which it replaces
		allowed.bytes, allowed.quota = -1, -1
	}
	if err := up.o.Recorder.Record(ctx, created); err != nil {
		return err
	}
	var row metadata.Upload
	err = up.meta.Update(ctx, func(tx metadata.Tx) error {
		if !u.Part() {
			if err := up.insertAsset(ctx, tx, u, c.about); err != nil {
				return err
			}
		}
		row = *u
		if err := tx.InsertUpload(ctx, &row); err != nil {
			return err
		}
		if err := allowed.check(ctx, tx, u.Owner); err != nil {
			return err
		}
		e := created
		return tx.Emit(ctx, &e)
	})
	if errors.Is(err, metadata.ErrNotFound) {
		return problem.Because(ErrNotFound, err, "there is no asset %q to add a file to", u.Asset)
	}
	if err != nil {
		return fmt.Errorf("upload: creating: %w", err)
	}
	*u = row
	return nil
}

// insertAsset adds the asset, or prepares the one that there is. What plays goes
// on playing until the new file is known to play.
func (up *Uploader) insertAsset(ctx context.Context, tx metadata.Tx, u *metadata.Upload, f about) error {
	if f.assetID != "" {
		a, err := tx.Asset(ctx, f.assetID)
		if err != nil {
			return err
		}
		if f.rendition != "" {
			return nil // what is said of the asset stays
		}
		f.describe(a)
		if a.State == metadata.Failed && !a.Playable {
			a.State, a.Error = metadata.Uploading, ""
		}
		return tx.UpdateAsset(ctx, a)
	}
	a := &metadata.Asset{ID: u.Asset, Owner: u.Owner, State: metadata.Uploading, Filename: u.Filename, Title: titleOf(u.Filename)}
	f.describe(a)
	if err := tx.InsertAsset(ctx, a); err != nil {
		return err
	}
	e := up.event(ctx, events.AssetCreated, u)
	return tx.Emit(ctx, &e)
}
