package postgres

import (
	"fmt"
	"strings"
)

// Connections prepare each statement when they first meet it.
const (
	selectAsset     = `SELECT ` + assetColumns + ` FROM assets WHERE id = $1`
	selectAssetsIn  = `SELECT ` + assetColumns + ` FROM assets WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3`
	selectUndecided = `SELECT ` + assetColumns + ` FROM assets WHERE state = 'processing' AND id > $1
		AND EXISTS (SELECT 1 FROM uploads u WHERE u.asset = assets.id AND u.state = 'complete' AND u.key NOT IN ('', assets.source)
			AND NOT EXISTS (SELECT 1 FROM json_array_elements(assets.renditions) r WHERE r ->> 'source' = u.key)) ORDER BY id LIMIT $2`
	selectWaiting = `SELECT ` + assetColumns + ` FROM assets WHERE state = 'processing' AND id > $1 AND waiting <> ''
		AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.asset = assets.id AND u.state = 'transcoding') ORDER BY id LIMIT $2`
	selectUpload    = `SELECT ` + uploadColumns + ` FROM uploads WHERE id = $1`
	selectUploadsOf = `SELECT ` + uploadColumns + ` FROM uploads WHERE asset = $1 ORDER BY created_at, id`
	selectUploadsOn = `SELECT ` + uploadColumns + ` FROM uploads
		WHERE (state = 'open' OR asset IS NULL AND state = 'complete') AND id > $1 ORDER BY id LIMIT $2`

	// What was announced may be any number, and the sum more than fits.
	selectUsage = `SELECT count(*) FILTER (WHERE state = 'open'),
			least(coalesce(sum(greatest(size, "offset")), 0), 4e18)::bigint
		FROM uploads WHERE owner = $1 AND (state = 'open' OR asset IS NULL AND state = 'complete' AND key <> '')`
	selectStored = `SELECT least((SELECT coalesce(sum(size), 0) FROM assets WHERE owner = $1) + (
			SELECT coalesce(sum(rendition_bytes), 0) FROM assets WHERE owner = $1 AND rendition_bytes <> 0) + (
			SELECT coalesce(sum(u.size), 0) FROM assets a JOIN uploads u ON u.asset = a.id
			WHERE a.owner = $1 AND a.state = 'processing' AND u.state = 'complete' AND u.key NOT IN ('', a.source)
				AND NOT EXISTS (SELECT 1 FROM json_array_elements(a.renditions) r WHERE r ->> 'source' = u.key)), 9e18)::bigint`

	selectTranscodes = `SELECT ` + uploadColumns + ` FROM uploads
		WHERE protocol = 'transcode' AND (created_at, id) < ($1, $2) AND ` + ifUnplayed + ` ORDER BY created_at DESC, id DESC LIMIT $4`
	selectTranscodesOf = `SELECT ` + uploadColumns + ` FROM uploads
		WHERE protocol = 'transcode' AND owner = $5 AND (created_at, id) < ($1, $2) AND ` + ifUnplayed + ` ORDER BY created_at DESC, id DESC LIMIT $4`
	ifUnplayed = `(NOT $3::boolean OR state <> 'complete' OR key = '')`

	selectTombstone  = `SELECT EXISTS (SELECT 1 FROM tombstones WHERE kind = $1 AND id = $2)`
	selectUploadVers = `SELECT version FROM uploads WHERE id = $1`
	selectAssetVers  = `SELECT version FROM assets WHERE id = $1`

	deleteAsset  = `DELETE FROM assets WHERE id = $1`
	deleteUpload = `DELETE FROM uploads WHERE id = $1`

	// Whoever listens hears of it at the commit, once for all events of a transaction.
	insertEvent = `WITH e AS (INSERT INTO outbox (type, time, owner, actor, asset, upload, request_id, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id)
		SELECT id FROM e, (SELECT pg_notify(` + channel + `, '')) AS told`
)

// An insert that does nothing was refused, and why is asked for then: nearly all
// are not. So is an update.
var (
	insertAsset  = insertInto("assets", assetKind, assetWrites, "")
	insertUpload = insertInto("uploads", uploadKind, uploadWrites, hasAsset)
	updateAsset  = update("assets", assetWrites, "")
	updateUpload = update("uploads", uploadWrites, hasAsset)
)

// hasAsset is true of an upload whose asset is there, or that is a part.
const hasAsset = ` AND ($2::text IS NULL OR EXISTS (SELECT 1 FROM assets WHERE id = $2))`

func insertInto(table, kind string, columns []string, condition string) string {
	names, values := placeholders(columns)
	n := len(columns)
	return fmt.Sprintf(`INSERT INTO %s (%s, version, created_at, updated_at) SELECT %s, 1, $%d, $%d
		WHERE NOT EXISTS (SELECT 1 FROM tombstones WHERE kind = '%s' AND id = $1)%s ON CONFLICT (id) DO NOTHING`,
		table, strings.Join(names, ", "), strings.Join(values, ", "), n+1, n+2, kind, condition)
}

func update(table string, columns []string, condition string) string {
	names, values := placeholders(columns)
	n := len(columns)
	return fmt.Sprintf(`UPDATE %s SET (%s, version, updated_at) = ROW(%s, version + 1, $%d)
		WHERE id = $1 AND version = $%d%s RETURNING created_at`,
		table, strings.Join(names[1:], ", "), strings.Join(values[1:], ", "), n+1, n+2, condition)
}
