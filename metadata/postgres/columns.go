package postgres

import (
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/query"
	"github.com/streamgate/streamgate/metadata/internal/record"
)

const assetColumns = `id, owner, title, description, tags, state, playable, error, waiting, reason, duration, size,
	sha256, type, filename, tracks, renditions, captions, thumbnails, poster, source, settling, index, revision, growth, version, created_at, updated_at`

func scanAsset(row pgx.CollectableRow) (*metadata.Asset, error) { return scanRanked(row) }

// scanRanked scans an asset and what follows it.
func scanRanked(row pgx.CollectableRow, more ...any) (*metadata.Asset, error) {
	a := &metadata.Asset{}
	var created, updated int64
	err := row.Scan(append([]any{
		&a.ID, &a.Owner, &a.Title, &a.Description, &a.Tags, &a.State, &a.Playable, &a.Error, &a.Waiting,
		&a.Reason, &a.Duration, &a.Size, &a.SHA256, &a.Type, &a.Filename, new(record.JSON(&a.Tracks)), new(record.Renditions(a)),
		new(record.Captions(a)), new(record.Thumbnails(a)), &a.Poster, &a.Source, new(record.JSON(&a.Settling)), &a.Index, &a.Revision,
		&a.Growth, &a.Version, &created, &updated,
	}, more...)...)
	if err != nil {
		return nil, err
	}
	a.CreatedAt, a.UpdatedAt = record.FromMicro(created), record.FromMicro(updated)
	return a, nil
}

// assetWrites are the columns that are written of an asset, the id first.
var assetWrites = []string{
	"id", "owner", "title", "title_key", "description", "tags", "words::text::tsvector", "state", "playable", "error", "waiting", "reason",
	"duration", "size", "sha256", "type", "filename", "tracks", "renditions", "rendition_bytes", "captions", "thumbnails", "poster",
	"source", "settling", "index", "revision", "growth",
}

// assetArgs are their values.
func assetArgs(a *metadata.Asset) ([]any, error) {
	lists, err := record.AssetLists(a)
	if err != nil {
		return nil, err
	}
	return []any{
		a.ID, a.Owner, a.Title, query.TitleKey(a.Title), a.Description, a.Tags, vector(a), a.State, a.Playable, a.Error, a.Waiting, a.Reason,
		a.Duration, a.Size, a.SHA256, a.Type, a.Filename, lists.Tracks, lists.Renditions, lists.RenditionBytes, lists.Captions, lists.Thumbnails, a.Poster,
		a.Source, lists.Settling, a.Index, a.Revision, a.Growth,
	}, nil
}

const uploadColumns = `id, coalesce(asset, ''), rendition, owner, key, state, size, "offset", hash, sha256, filename, type, protocol, metadata,
	concat, error, version, created_at, updated_at, expires_at`

func scanUpload(row pgx.CollectableRow) (*metadata.Upload, error) {
	u := &metadata.Upload{}
	var created, updated int64
	var expires *int64
	err := row.Scan(&u.ID, &u.Asset, &u.Rendition, &u.Owner, &u.Key, &u.State, &u.Size, &u.Offset, &u.Hash, &u.SHA256, &u.Filename,
		&u.Type, &u.Protocol, new(record.JSON(&u.Metadata)), &u.Concat, &u.Error, &u.Version, &created, &updated, &expires)
	if err != nil {
		return nil, err
	}
	u.CreatedAt, u.UpdatedAt = record.FromMicro(created), record.FromMicro(updated)
	if expires != nil {
		u.ExpiresAt = record.FromMicro(*expires)
	}
	return u, nil
}

// uploadWrites are the columns that are written of an upload, id and asset first.
var uploadWrites = []string{
	"id", "asset", "rendition", "owner", "key", "state", "size", `"offset"`, "hash", "sha256", "filename", "type", "protocol",
	"metadata", "concat", "error", "expires_at",
}

// uploadArgs are their values.
func uploadArgs(u *metadata.Upload) ([]any, error) {
	lists, err := record.Encode(u.Metadata)
	if err != nil {
		return nil, err
	}
	var asset, expires any
	if !u.Part() {
		asset = u.Asset
	}
	if !u.ExpiresAt.IsZero() {
		expires = u.ExpiresAt.UnixMicro()
	}
	return []any{
		u.ID, asset, u.Rendition, u.Owner, u.Key, u.State, u.Size, u.Offset, u.Hash, u.SHA256, u.Filename, u.Type, u.Protocol,
		lists[0], u.Concat, u.Error, expires,
	}, nil
}

// placeholders numbers columns from $1 on. What follows :: in a name is the cast of
// its value.
func placeholders(columns []string) (names, values []string) {
	for i, c := range columns {
		name, cast, found := strings.Cut(c, "::")
		if found {
			cast = "::" + cast
		}
		names, values = append(names, name), append(values, "$"+strconv.Itoa(i+1)+cast)
	}
	return names, values
}

// What an index takes: two of them, with the rest of a title's key, fit into a third
// of a page.
const (
	maxID    = 255  // bytes
	maxOwner = 1000 // bytes
	maxTag   = 2000 // bytes
)

// fits refuses what no index could hold: the server would end the transaction.
func fits(what, value string, limit int) error {
	if len(value) > limit {
		return problem.Errorf(metadata.ErrInvalid, "%s has %d bytes; this database takes at most %d", what, len(value), limit)
	}
	return nil
}
