-- +goose Up

-- What an owner has is summed up for each new upload: of what may yet become
-- something, and of parts that are complete and not joined.
CREATE INDEX uploads_owner ON uploads (owner, state, size, offset)
WHERE state = 'open' OR asset IS NULL AND state = 'complete' AND key <> '';

-- +goose Down
DROP INDEX uploads_owner;
