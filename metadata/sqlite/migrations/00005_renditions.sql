-- +goose Up

-- Files that play beside the source of an asset. What they take counts for what
-- an owner has, and is summed up for each new upload.
ALTER TABLE assets ADD COLUMN rendition_bytes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX assets_rendition_bytes ON assets (owner, rendition_bytes) WHERE rendition_bytes <> 0;

ALTER TABLE uploads ADD COLUMN rendition TEXT NOT NULL DEFAULT '';

ALTER TABLE assets ADD COLUMN thumbnails TEXT;

-- +goose Down
ALTER TABLE assets DROP COLUMN thumbnails;
ALTER TABLE uploads DROP COLUMN rendition;
DROP INDEX assets_rendition_bytes;
ALTER TABLE assets DROP COLUMN rendition_bytes;
