-- +goose Up

-- Uploads without an asset: the parts of one that is to come. SQLite takes no NOT
-- NULL off a column, so the table is made anew; its indexes and its trigger go
-- with the old one.
CREATE TABLE uploads_new (
    id         TEXT    NOT NULL PRIMARY KEY,
    asset      TEXT    REFERENCES assets (id) ON DELETE CASCADE,
    owner      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    offset     INTEGER NOT NULL,
    hash       BLOB,
    sha256     TEXT    NOT NULL,
    filename   TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    protocol   TEXT    NOT NULL,
    metadata   TEXT,
    concat     TEXT    NOT NULL,
    error      TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

INSERT INTO uploads_new (id, asset, owner, key, state, size, offset, hash, sha256, filename, type, protocol,
    metadata, concat, error, version, created_at, updated_at, expires_at)
SELECT id, asset, owner, key, state, size, offset, hash, sha256, filename, type, protocol,
    metadata, '', error, version, created_at, updated_at, expires_at
FROM uploads;

DROP TABLE uploads;
ALTER TABLE uploads_new RENAME TO uploads;

CREATE INDEX uploads_asset ON uploads (asset, created_at, id);
-- What may yet become something, as OpenUploads lists it.
CREATE INDEX uploads_open ON uploads (id) WHERE state = 'open' OR asset IS NULL AND state = 'complete';

-- +goose StatementBegin
CREATE TRIGGER uploads_deleted AFTER DELETE ON uploads BEGIN
    INSERT OR IGNORE INTO tombstones (kind, id, deleted_at)
    VALUES ('upload', old.id, unixepoch('subsec') * 1000000);
END;
-- +goose StatementEnd

-- +goose Down
CREATE TABLE uploads_old (
    id         TEXT    NOT NULL PRIMARY KEY,
    asset      TEXT    NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    owner      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    offset     INTEGER NOT NULL,
    hash       BLOB,
    sha256     TEXT    NOT NULL,
    filename   TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    protocol   TEXT    NOT NULL,
    metadata   TEXT,
    error      TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

INSERT INTO uploads_old (id, asset, owner, key, state, size, offset, hash, sha256, filename, type, protocol,
    metadata, error, version, created_at, updated_at, expires_at)
SELECT id, asset, owner, key, state, size, offset, hash, sha256, filename, type, protocol,
    metadata, error, version, created_at, updated_at, expires_at
FROM uploads WHERE asset IS NOT NULL;

DROP TABLE uploads;
ALTER TABLE uploads_old RENAME TO uploads;

CREATE INDEX uploads_asset ON uploads (asset, created_at, id);
CREATE INDEX uploads_state ON uploads (state, id);

-- +goose StatementBegin
CREATE TRIGGER uploads_deleted AFTER DELETE ON uploads BEGIN
    INSERT OR IGNORE INTO tombstones (kind, id, deleted_at)
    VALUES ('upload', old.id, unixepoch('subsec') * 1000000);
END;
-- +goose StatementEnd
