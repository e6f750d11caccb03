-- +goose Up

-- Times are microseconds since 1970 in UTC. Lists and maps are JSON, NULL for nil.
-- seq is what the text index knows an asset by.
CREATE TABLE assets (
    seq         INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    owner       TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    title_key   TEXT    NOT NULL,
    description TEXT    NOT NULL,
    tags        TEXT,
    state       TEXT    NOT NULL,
    playable    INTEGER NOT NULL,
    error       TEXT    NOT NULL,
    waiting     TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    duration    REAL    NOT NULL,
    size        INTEGER NOT NULL,
    sha256      TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    filename    TEXT    NOT NULL,
    tracks      TEXT,
    renditions  TEXT,
    captions    TEXT,
    poster      TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    "index"     TEXT    NOT NULL,
    revision    TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

-- One index for each order of one owner's assets, and the order that is the
-- default for everybody's.
CREATE INDEX assets_created ON assets (created_at, id);
CREATE INDEX assets_state ON assets (state, id);
CREATE INDEX assets_owner_created ON assets (owner, created_at, id);
CREATE INDEX assets_owner_updated ON assets (owner, updated_at, id);
CREATE INDEX assets_owner_title ON assets (owner, title_key, id);
CREATE INDEX assets_owner_duration ON assets (owner, duration, id);
CREATE INDEX assets_owner_size ON assets (owner, size, id);

CREATE TABLE asset_tags (
    tag   TEXT    NOT NULL,
    asset INTEGER NOT NULL REFERENCES assets (seq) ON DELETE CASCADE,
    PRIMARY KEY (tag, asset)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_tags_asset ON asset_tags (asset);

CREATE TABLE uploads (
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
CREATE INDEX uploads_asset ON uploads (asset, created_at, id);
CREATE INDEX uploads_state ON uploads (state, id);

-- The ids that stay gone.
CREATE TABLE tombstones (
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: an id that was purged never comes back.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    type       TEXT    NOT NULL,
    time       INTEGER NOT NULL,
    owner      TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    asset      TEXT    NOT NULL,
    upload     TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    data       TEXT,
    delivered  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_pending ON outbox (id) WHERE delivered = 0;
CREATE INDEX outbox_delivered ON outbox (time) WHERE delivered = 1;
CREATE INDEX outbox_owner ON outbox (owner, id);

-- The text index keeps no copy of the text. Its rows are those of assets.
CREATE VIRTUAL TABLE assets_text USING fts5 (
    title, description, tags,
    content = '', contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2',
    prefix = '2 3'
);

-- +goose StatementBegin
CREATE TRIGGER assets_inserted AFTER INSERT ON assets BEGIN
    INSERT INTO assets_text (rowid, title, description, tags)
    VALUES (new.seq, new.title, new.description,
            (SELECT group_concat(value, ' ') FROM json_each(new.tags)));
    INSERT OR IGNORE INTO asset_tags (tag, asset)
    SELECT value, new.seq FROM json_each(new.tags) WHERE value IS NOT NULL;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER assets_text_updated AFTER UPDATE OF title, description, tags ON assets
WHEN old.title IS NOT new.title OR old.description IS NOT new.description OR old.tags IS NOT new.tags
BEGIN
    UPDATE assets_text
    SET title = new.title, description = new.description,
        tags = (SELECT group_concat(value, ' ') FROM json_each(new.tags))
    WHERE rowid = new.seq;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER assets_tags_updated AFTER UPDATE OF tags ON assets
WHEN old.tags IS NOT new.tags
BEGIN
    DELETE FROM asset_tags WHERE asset = new.seq;
    INSERT OR IGNORE INTO asset_tags (tag, asset)
    SELECT value, new.seq FROM json_each(new.tags) WHERE value IS NOT NULL;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER assets_deleted AFTER DELETE ON assets BEGIN
    DELETE FROM assets_text WHERE rowid = old.seq;
    INSERT OR IGNORE INTO tombstones (kind, id, deleted_at)
    VALUES ('asset', old.id, unixepoch('subsec') * 1000000);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER uploads_deleted AFTER DELETE ON uploads BEGIN
    INSERT OR IGNORE INTO tombstones (kind, id, deleted_at)
    VALUES ('upload', old.id, unixepoch('subsec') * 1000000);
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE assets_text;
DROP TABLE outbox;
DROP TABLE tombstones;
DROP TABLE uploads;
DROP TABLE asset_tags;
DROP TABLE assets;
