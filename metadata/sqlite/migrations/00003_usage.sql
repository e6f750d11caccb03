-- +goose Up

-- What an owner has is summed up for each new upload.
CREATE INDEX uploads_owner ON uploads (owner, state, size, offset);

-- +goose Down
DROP INDEX uploads_owner;
