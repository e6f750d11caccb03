package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"time"

	"github.com/streamgate/streamgate"
	jobpostgres "github.com/streamgate/streamgate/jobs/postgres"
	"github.com/streamgate/streamgate/metadata/postgres"
	"github.com/streamgate/streamgate/storage/disk"
)

// databaseVariable holds the connection string, where its password does not show in a
// list of processes.
const databaseVariable = "STREAMGATE_DATABASE"

// openingTimeout is how long the database may take to answer at the start.
const openingTimeout = 30 * time.Second

func (c config) checkDatabase(given string) error {
	switch {
	case hasPassword(given):
		return fmt.Errorf("-database has a password in it, which everybody on this machine can read in the list of processes: put it into %s, PGPASSWORD or ~/.pgpass", databaseVariable)
	case c.database == "" && c.files != "":
		return errors.New("-files is for servers that share a -database; without one everything lies in -data")
	case c.database != "" && c.imports != "":
		return errors.New("-import is for a server that has its videos alone, and not beside -database: each server would add them")
	case c.database != "" && c.encrypt != "" && c.secret == "":
		return fmt.Errorf("servers that share a -database derive the same keys from the same %s: set it", secretVariable)
	}
	return nil
}

var passwordWord = regexp.MustCompile(`(?i)(^|\s)(ssl)?password\s*=`)

// hasPassword looks for a password in a connection string of either form.
func hasPassword(dsn string) bool {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return passwordWord.MatchString(dsn)
	}
	_, given := u.User.Password()
	return given || u.Query().Has("password") || u.Query().Has("sslpassword")
}

// stores opens what servers share: nothing without a database. Call closeAll after the
// Gate has stopped.
func (c config) stores() (options []streamgate.Option, closeAll func() error, err error) {
	if c.database == "" {
		return nil, func() error { return nil }, nil
	}
	dir := c.files
	if dir == "" {
		dir = filepath.Join(c.data, "files")
	}
	files, err := disk.OpenWith(dir, &disk.Options{Shared: true})
	if err != nil {
		return nil, nil, fmt.Errorf("opening the files in %s: %w", dir, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), openingTimeout)
	defer cancel()
	db, err := postgres.Open(ctx, c.database, nil)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("opening the database: %w", err), files.Close())
	}
	return []streamgate.Option{
			streamgate.WithStorage(files), streamgate.WithMetadata(db.Metadata()), streamgate.WithJobDatabase(jobpostgres.Database(db)),
		},
		func() error { return errors.Join(db.Close(), files.Close()) }, nil
}
