-- +goose Up

-- What the transcoder writes is listed by when it was begun, the newest first, and what
-- has ended long ago is removed.
CREATE INDEX uploads_transcodes ON uploads (created_at, id) WHERE protocol = 'transcode';
CREATE INDEX uploads_transcodes_owner ON uploads (owner, created_at, id) WHERE protocol = 'transcode';

-- +goose Down
DROP INDEX uploads_transcodes_owner;
DROP INDEX uploads_transcodes;
