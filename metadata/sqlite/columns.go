package sqlite

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/internal/query"
)

const assetColumns = `id, owner, title, description, tags, state, playable, error, waiting, reason, duration, size,
	sha256, type, filename, tracks, renditions, captions, thumbnails, poster, source, settling, "index", revision, growth, version, created_at, updated_at`

// caption is a metadata.Caption with its key, which the public JSON leaves out.
type caption struct {
	Language string `json:"language"`
	Label    string `json:"label"`
	Kind     string `json:"kind"`
	Default  bool   `json:"default"`
	Forced   bool   `json:"forced"`
	Key      string `json:"key"`
	Size     int64  `json:"size,omitempty"`
}

// rendition is a metadata.Rendition with what the public JSON leaves out.
type rendition struct {
	Name     string         `json:"name"`
	State    metadata.State `json:"state"`
	Width    int            `json:"width,omitempty"`
	Height   int            `json:"height,omitempty"`
	Codec    string         `json:"codec,omitempty"`
	Bitrate  int64          `json:"bitrate,omitempty"`
	Size     int64          `json:"size,omitempty"`
	Error    string         `json:"error,omitempty"`
	Source   string         `json:"source,omitempty"`
	Index    string         `json:"index,omitempty"`
	SHA256   string         `json:"sha256,omitempty"`
	Revision string         `json:"revision,omitempty"`

	Settling metadata.Settling `json:"settling,omitzero"`
}

// thumbnails is a metadata.Thumbnails with what the public JSON leaves out.
type thumbnails struct {
	Columns  int     `json:"columns"`
	Rows     int     `json:"rows"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Interval float64 `json:"interval"`
	Count    int     `json:"count"`
	Largest  int64   `json:"largest"`
	Prefix   string  `json:"prefix"`
}

type scanner interface{ Scan(dest ...any) error }

func scanAsset(row scanner, more ...any) (*metadata.Asset, error) {
	a := &metadata.Asset{}
	var captions []caption
	var renditions []rendition
	var tiles *thumbnails
	var created, updated int64
	err := row.Scan(append([]any{
		&a.ID, &a.Owner, &a.Title, &a.Description, fromJSON(&a.Tags), &a.State, &a.Playable, &a.Error, &a.Waiting,
		&a.Reason, &a.Duration, &a.Size, &a.SHA256, &a.Type, &a.Filename, fromJSON(&a.Tracks), fromJSON(&renditions),
		fromJSON(&captions), fromJSON(&tiles), &a.Poster, &a.Source, fromJSON(&a.Settling), &a.Index, &a.Revision, &a.Growth, &a.Version, &created, &updated,
	}, more...)...)
	if err != nil {
		return nil, err
	}
	if captions != nil {
		a.Captions = make([]metadata.Caption, len(captions))
	}
	for i, c := range captions {
		a.Captions[i] = metadata.Caption(c)
	}
	if renditions != nil {
		a.Renditions = make([]metadata.Rendition, len(renditions))
	}
	for i, r := range renditions {
		a.Renditions[i] = metadata.Rendition(r)
	}
	a.Thumbnails = (*metadata.Thumbnails)(tiles)
	a.CreatedAt, a.UpdatedAt = fromMicro(created), fromMicro(updated)
	return a, nil
}

// assetArgs returns what a statement sets of a, by name.
func assetArgs(a *metadata.Asset) ([]any, error) {
	var captions []caption
	if a.Captions != nil {
		captions = make([]caption, len(a.Captions))
	}
	bytes := int64(0) // beside the source
	for i, c := range a.Captions {
		captions[i] = caption(c)
		bytes += c.Size
	}
	var renditions []rendition
	if a.Renditions != nil {
		renditions = make([]rendition, len(a.Renditions))
	}
	for i, r := range a.Renditions {
		renditions[i] = rendition(r)
		bytes += r.Size
	}
	lists, err := toJSON(a.Tags, a.Tracks, renditions, captions, (*thumbnails)(a.Thumbnails))
	if err != nil {
		return nil, err
	}
	var settling any // NULL for nearly all
	if a.Settling != (metadata.Settling{}) {
		one, err := toJSON(a.Settling)
		if err != nil {
			return nil, err
		}
		settling = one[0]
	}
	return []any{
		sql.Named("id", a.ID), sql.Named("owner", a.Owner), sql.Named("title", a.Title),
		sql.Named("title_key", query.TitleKey(a.Title)), sql.Named("description", a.Description),
		sql.Named("tags", lists[0]), sql.Named("state", a.State), sql.Named("playable", a.Playable),
		sql.Named("error", a.Error), sql.Named("waiting", a.Waiting), sql.Named("reason", a.Reason),
		sql.Named("duration", a.Duration), sql.Named("size", a.Size), sql.Named("sha256", a.SHA256),
		sql.Named("type", a.Type), sql.Named("filename", a.Filename), sql.Named("tracks", lists[1]),
		sql.Named("renditions", lists[2]), sql.Named("rendition_bytes", bytes), sql.Named("captions", lists[3]), sql.Named("thumbnails", lists[4]), sql.Named("poster", a.Poster),
		sql.Named("source", a.Source), sql.Named("settling", settling), sql.Named("index", a.Index), sql.Named("revision", a.Revision),
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
		&u.Type, &u.Protocol, fromJSON(&u.Metadata), &u.Concat, &u.Error, &u.Version, &created, &updated, &expires)
	if err != nil {
		return nil, err
	}
	u.CreatedAt, u.UpdatedAt = fromMicro(created), fromMicro(updated)
	if expires.Valid {
		u.ExpiresAt = fromMicro(expires.Int64)
	}
	return u, nil
}

func uploadArgs(u *metadata.Upload) ([]any, error) {
	lists, err := toJSON(u.Metadata)
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

// jsonColumn scans JSON into what it points to; NULL leaves it nil.
type jsonColumn struct{ dest any }

func fromJSON(dest any) jsonColumn { return jsonColumn{dest} }

// Scan implements sql.Scanner.
func (c jsonColumn) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(src), c.dest)
	case []byte:
		return json.Unmarshal(src, c.dest)
	}
	return fmt.Errorf("a JSON column holds %T", src)
}

// toJSON encodes each value, nil as NULL.
func toJSON(values ...any) ([]any, error) {
	out := make([]any, len(values))
	for i, v := range values {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		if s := string(b); s != "null" {
			out[i] = s
		}
	}
	return out, nil
}

// micro is t as it is kept: to the microsecond, in UTC.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func fromMicro(us int64) time.Time { return time.UnixMicro(us).UTC() }
