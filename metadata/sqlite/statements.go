package sqlite

import (
	"context"
	"database/sql"
)

// Statements of the hot paths are prepared once for each pool.
const (
	selectAsset     = `SELECT ` + assetColumns + ` FROM assets WHERE id = ?`
	selectAssetsIn  = `SELECT ` + assetColumns + ` FROM assets WHERE state = ? AND id > ? ORDER BY id LIMIT ?`
	selectUndecided = `SELECT ` + assetColumns + ` FROM assets WHERE state = 'processing' AND id > ?1
		AND EXISTS (SELECT 1 FROM uploads u WHERE u.asset = assets.id AND u.state = 'complete' AND u.key NOT IN ('', assets.source)
			AND NOT EXISTS (SELECT 1 FROM json_each(assets.renditions) r WHERE r.value ->> 'source' = u.key)) ORDER BY id LIMIT ?2`
	selectWaiting = `SELECT ` + assetColumns + ` FROM assets WHERE state = 'processing' AND id > ?1 AND waiting <> ''
		AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.asset = assets.id AND u.state = 'transcoding') ORDER BY id LIMIT ?2`
	selectUpload    = `SELECT ` + uploadColumns + ` FROM uploads WHERE id = ?`
	selectUploadsOf = `SELECT ` + uploadColumns + ` FROM uploads WHERE asset = ? ORDER BY created_at, id`
	// What was announced may be any number, and sum fails where it overflows.
	selectUsage = `SELECT coalesce(sum(state = 'open'), 0), cast(min(total(max(size, offset)), 4e18) AS INTEGER)
		FROM uploads INDEXED BY uploads_owner
		WHERE owner = ?1 AND (state = 'open' OR asset IS NULL AND state = 'complete' AND key <> '')`
	selectStored = `SELECT (SELECT coalesce(sum(size), 0) FROM assets WHERE owner = ?1) + (
			SELECT coalesce(sum(rendition_bytes), 0) FROM assets INDEXED BY assets_rendition_bytes WHERE owner = ?1 AND rendition_bytes <> 0) + (
			SELECT coalesce(sum(u.size), 0) FROM assets a INDEXED BY assets_processing JOIN uploads u ON u.asset = a.id
			WHERE a.owner = ?1 AND a.state = 'processing' AND u.state = 'complete' AND u.key NOT IN ('', a.source)
				AND NOT EXISTS (SELECT 1 FROM json_each(a.renditions) r WHERE r.value ->> 'source' = u.key))`
	selectUploadsOn = `SELECT ` + uploadColumns + ` FROM uploads INDEXED BY uploads_open
		WHERE (state = 'open' OR asset IS NULL AND state = 'complete') AND id > ? ORDER BY id LIMIT ?`
	selectTranscodes = `SELECT ` + uploadColumns + ` FROM uploads INDEXED BY uploads_transcodes
		WHERE protocol = 'transcode' AND (created_at, id) < (?1, ?2) AND ` + ifUnplayed + ` ORDER BY created_at DESC, id DESC LIMIT ?4`
	selectTranscodesOf = `SELECT ` + uploadColumns + ` FROM uploads INDEXED BY uploads_transcodes_owner
		WHERE protocol = 'transcode' AND owner = ?5 AND (created_at, id) < (?1, ?2) AND ` + ifUnplayed + ` ORDER BY created_at DESC, id DESC LIMIT ?4`
	ifUnplayed       = `(NOT ?3 OR state <> 'complete' OR key = '')`
	selectTombstone  = `SELECT 1 FROM tombstones WHERE kind = ? AND id = ?`
	selectUploadVers = `SELECT version FROM uploads WHERE id = ?`
	selectAssetVers  = `SELECT version FROM assets WHERE id = ?`

	insertAsset = `INSERT INTO assets (id, owner, title, title_key, description, tags, state, playable, error, waiting,
		reason, duration, size, sha256, type, filename, tracks, renditions, rendition_bytes, captions, thumbnails, poster, source, settling, "index", revision,
		growth, version, created_at, updated_at)
	VALUES (:id, :owner, :title, :title_key, :description, :tags, :state, :playable, :error, :waiting,
		:reason, :duration, :size, :sha256, :type, :filename, :tracks, :renditions, :rendition_bytes, :captions, :thumbnails, :poster, :source, :settling, :index, :revision,
		:growth, 1, :created_at, :now)
	ON CONFLICT (id) DO NOTHING`

	updateAsset = `UPDATE assets SET owner = :owner, title = :title, title_key = :title_key, description = :description,
		tags = :tags, state = :state, playable = :playable, error = :error, waiting = :waiting, reason = :reason,
		duration = :duration, size = :size, sha256 = :sha256, type = :type, filename = :filename, tracks = :tracks,
		renditions = :renditions, rendition_bytes = :rendition_bytes, captions = :captions, thumbnails = :thumbnails, poster = :poster, source = :source, settling = :settling, "index" = :index,
		revision = :revision, growth = :growth, version = version + 1, updated_at = :now
	WHERE id = :id AND version = :version RETURNING created_at`

	deleteAsset = `DELETE FROM assets WHERE id = ?`

	insertUpload = `INSERT INTO uploads (id, asset, rendition, owner, key, state, size, offset, hash, sha256, filename, type, protocol,
		metadata, concat, error, version, created_at, updated_at, expires_at)
	VALUES (:id, nullif(:asset, ''), :rendition, :owner, :key, :state, :size, :offset, :hash, :sha256, :filename, :type, :protocol,
		:metadata, :concat, :error, 1, :created_at, :now, :expires_at)
	ON CONFLICT (id) DO NOTHING`

	updateUpload = `UPDATE uploads SET asset = nullif(:asset, ''), rendition = :rendition, owner = :owner, key = :key, state = :state, size = :size,
		offset = :offset, hash = :hash, sha256 = :sha256, filename = :filename, type = :type, protocol = :protocol,
		metadata = :metadata, concat = :concat, error = :error, version = version + 1, updated_at = :now, expires_at = :expires_at
	WHERE id = :id AND version = :version RETURNING created_at`

	deleteUpload = `DELETE FROM uploads WHERE id = ?`

	insertEvent = `INSERT INTO outbox (type, time, owner, actor, asset, upload, request_id, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
)

var readStatements = []string{selectAsset, selectAssetsIn, selectUndecided, selectWaiting, selectUpload, selectUploadsOf, selectUploadsOn, selectTranscodes, selectTranscodesOf, selectUsage, selectStored}

var writeStatements = append([]string{
	selectTombstone, selectAssetVers, selectUploadVers, insertAsset, updateAsset, deleteAsset,
	insertUpload, updateUpload, deleteUpload, insertEvent,
}, readStatements...)

// statements are prepared ones by their text.
type statements map[string]*sql.Stmt

func prepare(ctx context.Context, db *sql.DB, texts []string) (statements, error) {
	s := make(statements, len(texts))
	for _, text := range texts {
		stmt, err := db.PrepareContext(ctx, text)
		if err != nil {
			return nil, failed("prepare "+text, err)
		}
		s[text] = stmt
	}
	return s, nil
}
