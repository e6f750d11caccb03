-- +goose Up

-- The upload that an asset plays from before it is complete.
ALTER TABLE assets ADD COLUMN growth TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE assets DROP COLUMN growth;
