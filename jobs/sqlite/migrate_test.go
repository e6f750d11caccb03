package sqlite_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/jobs"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata"
)

func TestJobsOfANewerVersionAreRefused(t *testing.T) {
	db := open(t)
	if _, err := jobs.New(jobsqlite.Database(db), nil); err != nil {
		t.Fatal(err)
	}
	writer, _ := db.Pools()
	if _, err := writer.ExecContext(t.Context(), `INSERT INTO jobs_schema_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	_, err := jobs.New(jobsqlite.Database(db), nil)
	if !errors.Is(err, metadata.ErrUnavailable) || !strings.Contains(err.Error(), "the table of jobs has schema version 9999") {
		t.Errorf("%v, want a sentence about a newer version", err)
	}
}
