-- +goose Up

-- Files that nobody has decided on yet belong to assets in this state, and count
-- for what their owner has, too.
CREATE INDEX assets_processing ON assets (owner, id, source) WHERE state = 'processing';

-- +goose Down
DROP INDEX assets_processing;
