-- +goose Up

-- What River has no column for, by river_job.id.
CREATE TABLE jobs (
	id         bigint  PRIMARY KEY,
	owner      text    NOT NULL DEFAULT '',
	unique_key text    NOT NULL DEFAULT '',
	node       text    NOT NULL DEFAULT '', -- of the process that runs it; '' while none does
	generation bigint  NOT NULL DEFAULT 0,  -- how often it was started
	crashes    integer NOT NULL DEFAULT 0,  -- how often its process went away, since it last returned
	cancelled  boolean NOT NULL DEFAULT FALSE, -- while it ran
	progress   text
);

CREATE INDEX jobs_owner ON jobs (owner, id);
CREATE INDEX jobs_node ON jobs (node) WHERE node <> '';

-- The processes that work on jobs, and when they last said so.
CREATE TABLE job_nodes (
	id   text   PRIMARY KEY,
	beat bigint NOT NULL -- microseconds since 1970, by the clock of the database
);

-- +goose Down
DROP TABLE job_nodes;
DROP TABLE jobs;
