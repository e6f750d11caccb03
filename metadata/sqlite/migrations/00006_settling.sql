-- +goose Up

-- What became of the source after it was published, as JSON: see metadata.Settling.
ALTER TABLE assets ADD COLUMN settling TEXT;

-- +goose Down
ALTER TABLE assets DROP COLUMN settling;
