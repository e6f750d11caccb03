-- +goose Up

-- What weighs how close a title comes to what was searched for.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Times are microseconds since 1970 in UTC. Lists and maps are JSON, NULL for nil.
-- Text that is compared is ordered by its bytes, whatever the order of the database
-- is. words are those of title, tags and description as the program has split and
-- folded them: what is a word does not depend on a configuration of the server.
CREATE TABLE assets (
    id              text COLLATE "C" PRIMARY KEY,
    owner           text COLLATE "C" NOT NULL,
    title           text             NOT NULL,
    title_key       text COLLATE "C" NOT NULL,
    description     text             NOT NULL,
    tags            text[],
    words           tsvector         NOT NULL,
    state           text COLLATE "C" NOT NULL,
    playable        boolean          NOT NULL,
    error           text             NOT NULL,
    waiting         text             NOT NULL,
    reason          text             NOT NULL,
    duration        double precision NOT NULL,
    size            bigint           NOT NULL,
    sha256          text             NOT NULL,
    type            text             NOT NULL,
    filename        text             NOT NULL,
    tracks          json,
    renditions      json,
    rendition_bytes bigint           NOT NULL,
    captions        json,
    thumbnails      json,
    poster          text             NOT NULL,
    source          text COLLATE "C" NOT NULL,
    settling        json,
    index           text             NOT NULL,
    revision        text             NOT NULL,
    growth          text             NOT NULL,
    version         bigint           NOT NULL,
    created_at      bigint           NOT NULL,
    updated_at      bigint           NOT NULL
);

-- One index for each order of one owner's assets, and the order that is the
-- default for everybody's.
CREATE INDEX assets_created ON assets (created_at, id);
CREATE INDEX assets_state ON assets (state, id);
CREATE INDEX assets_owner_created ON assets (owner, created_at, id);
CREATE INDEX assets_owner_updated ON assets (owner, updated_at, id);
CREATE INDEX assets_owner_title ON assets (owner, title_key, id);
CREATE INDEX assets_owner_duration ON assets (owner, duration, id);
CREATE INDEX assets_owner_size ON assets (owner, size, id);
-- Without a list of what is yet to be sorted in, which every search would have to
-- go through.
CREATE INDEX assets_words ON assets USING gin (words) WITH (fastupdate = off);
CREATE INDEX assets_tags ON assets USING gin (tags) WITH (fastupdate = off);

-- What an owner has is summed up for each new upload.
CREATE INDEX assets_rendition_bytes ON assets (owner, rendition_bytes) WHERE rendition_bytes <> 0;
CREATE INDEX assets_processing ON assets (owner, id) WHERE state = 'processing';

-- asset is NULL for the parts of a file that is to come. Nothing that an arriving
-- chunk changes is in an index, and there is room beside each row for its next
-- version: so that a chunk writes one page.
CREATE TABLE uploads (
    id         text COLLATE "C" PRIMARY KEY,
    asset      text COLLATE "C" REFERENCES assets (id) ON DELETE CASCADE,
    rendition  text             NOT NULL,
    owner      text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,
    size       bigint           NOT NULL,
    "offset"   bigint           NOT NULL,
    hash       bytea,
    sha256     text             NOT NULL,
    filename   text             NOT NULL,
    type       text             NOT NULL,
    protocol   text             NOT NULL,
    metadata   json,
    concat     text             NOT NULL,
    error      text             NOT NULL,
    version    bigint           NOT NULL,
    created_at bigint           NOT NULL,
    updated_at bigint           NOT NULL,
    expires_at bigint
) WITH (fillfactor = 70);
CREATE INDEX uploads_asset ON uploads (asset, created_at, id);
-- What may yet become something, as OpenUploads lists it.
CREATE INDEX uploads_open ON uploads (id) WHERE state = 'open' OR asset IS NULL AND state = 'complete';
CREATE INDEX uploads_owner ON uploads (owner)
    WHERE state = 'open' OR asset IS NULL AND state = 'complete' AND key <> '';

-- The ids that stay gone.
CREATE TABLE tombstones (
    kind       text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    deleted_at timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, id)
);

-- +goose StatementBegin
CREATE FUNCTION bury() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.tombstones (kind, id) VALUES ($1, $2) ON CONFLICT DO NOTHING', TG_TABLE_SCHEMA)
    USING TG_ARGV[0], OLD.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER assets_deleted AFTER DELETE ON assets FOR EACH ROW EXECUTE FUNCTION bury('asset');
CREATE TRIGGER uploads_deleted AFTER DELETE ON uploads FOR EACH ROW EXECUTE FUNCTION bury('upload');

-- Ids are given out under the lock of Update, and so become visible in their order.
CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type       text             NOT NULL,
    time       bigint           NOT NULL,
    owner      text COLLATE "C" NOT NULL,
    actor      text             NOT NULL,
    asset      text             NOT NULL,
    upload     text             NOT NULL,
    request_id text             NOT NULL,
    data       json,
    delivered  boolean          NOT NULL DEFAULT false
);
CREATE INDEX outbox_pending ON outbox (id) WHERE NOT delivered;
CREATE INDEX outbox_delivered ON outbox (time) WHERE delivered;
CREATE INDEX outbox_owner ON outbox (owner, id);

-- +goose Down
DROP TABLE outbox;
DROP TABLE tombstones;
DROP TABLE uploads;
DROP TABLE assets;
DROP FUNCTION bury;
