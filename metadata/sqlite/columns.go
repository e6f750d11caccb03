package sqlite

import (
	"database/sql"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/query"
	"github.com/streamgate/streamgate/metadata/internal/record"
)

const assetColumns = `id, owner, title, description, tags, state, playable, error, waiting, reason, duration, size,
	sha256, type, filename, tracks, renditions, captions, thumbnails, poster, source, settling, "index", revision, growth, version, created_at, updated_at`

type scanner interface{ Scan(dest ...any) error }

func scanAsset(row scanner, more ...any) (*metadata.Asset, error) {
	a := &metadata.Asset{}
	var created, updated int64
	err := row.Scan(append([]any{
		&a.ID, &a.Owner, &a.Title, &a.Description, record.JSON(&a.Tags), &a.State, &a.Playable, &a.Error, &a.Waiting,
		&a.Reason, &a.Duration, &a.Size, &a.SHA256, &a.Type, &a.Filename, record.JSON(&a.Tracks), record.Renditions(a),
		record.Captions(a), record.Thumbnails(a), &a.Poster, &a.Source, record.JSON(&a.Settling), &a.Index, &a.Revision, &a.Growth,
		&a.Version, &created, &updated,
	}, more...)...)
	if err != nil {
		return nil, err
	}
	a.CreatedAt, a.UpdatedAt = record.FromMicro(created), record.FromMicro(updated)
	return a, nil
}

// assetArgs returns what a statement sets of a, by name.
func assetArgs(a *metadata.Asset) ([]any, error) {
	lists, err := record.AssetLists(a)
	if err != nil {
		return nil, err
	}
	return []any{
		sql.Named("id", a.ID), sql.Named("owner", a.Owner), sql.Named("title", a.Title),
		sql.Named("title_key", query.TitleKey(a.Title)), sql.Named("description", a.Description),
		sql.Named("tags", lists.Tags), sql.Named("state", a.State), sql.Named("playable", a.Playable),
		sql.Named("error", a.Error), sql.Named("waiting", a.Waiting), sql.Named("reason", a.Reason),
		sql.Named("duration", a.Duration), sql.Named("size", a.Size), sql.Named("sha256", a.SHA256),
		sql.Named("type", a.Type), sql.Named("filename", a.Filename), sql.Named("tracks", lists.Tracks),
		sql.Named("renditions", lists.Renditions), sql.Named("rendition_bytes", lists.RenditionBytes),
		sql.Named("captions", lists.Captions), sql.Named("thumbnails", lists.Thumbnails), sql.Named("poster", a.Poster),
		sql.Named("source", a.Source), sql.Named("settling", lists.Settling), sql.Named("index", a.Index), sql.Named("revision", a.Revision),
		sql.Named("growth", a.Growth),
	}, nil
}

const uploadColumns = `id, coalesce(asset, ''), rendition, owner, key, state, size, offset, hash, sha256, filename, type, protocol, metadata,
	concat, error, version, created_at, updated_at, expires_at`

func scanUpload(row scanner) (*metadata.Upload, error) {
	u := &metadata.Upload{}
	var created, updated int64
	var expires sql.NullInt64
	err := row.Scan(&u.ID, &u.Asset, &u.Rendition, &u.Owner, &u.Key, &u.State, &u.Size, &u.Offset, &u.Hash, &u.SHA256, &u.Filename,
		&u.Type, &u.Protocol, record.JSON(&u.Metadata), &u.Concat, &u.Error, &u.Version, &created, &updated, &expires)
	if err != nil {
		return nil, err
	}
	u.CreatedAt, u.UpdatedAt = record.FromMicro(created), record.FromMicro(updated)
	if expires.Valid {
		u.ExpiresAt = record.FromMicro(expires.Int64)
	}
	return u, nil
}

func uploadArgs(u *metadata.Upload) ([]any, error) {
	lists, err := record.Encode(u.Metadata)
	if err != nil {
		return nil, err
	}
	return []any{
		sql.Named("id", u.ID), sql.Named("asset", u.Asset), sql.Named("rendition", u.Rendition), sql.Named("owner", u.Owner), sql.Named("key", u.Key),
		sql.Named("state", u.State), sql.Named("size", u.Size), sql.Named("offset", u.Offset), sql.Named("hash", u.Hash),
		sql.Named("sha256", u.SHA256), sql.Named("filename", u.Filename), sql.Named("type", u.Type),
		sql.Named("protocol", u.Protocol), sql.Named("metadata", lists[0]), sql.Named("concat", u.Concat), sql.Named("error", u.Error),
		sql.Named("expires_at", sql.NullInt64{Int64: u.ExpiresAt.UnixMicro(), Valid: !u.ExpiresAt.IsZero()}),
	}, nil
}
