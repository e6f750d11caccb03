-- +goose Up

-- What River has no column for, by river_job.id. Migrations of River rebuild its
-- table, which a foreign key would get in the way of.
CREATE TABLE jobs (
	id         INTEGER PRIMARY KEY,
	owner      TEXT    NOT NULL DEFAULT '',
	unique_key TEXT    NOT NULL DEFAULT '',
	node       TEXT    NOT NULL DEFAULT '', -- of the process that runs it; '' while none does
	generation INTEGER NOT NULL DEFAULT 0,  -- how often it was started
	crashes    INTEGER NOT NULL DEFAULT 0,  -- how often its process went away, since it last returned
	cancelled  INTEGER NOT NULL DEFAULT 0,  -- while it ran
	progress   TEXT
) STRICT;

CREATE INDEX jobs_owner ON jobs (owner, id);
CREATE INDEX jobs_node ON jobs (node) WHERE node <> '';

-- +goose Down
DROP TABLE jobs;
