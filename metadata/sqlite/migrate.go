package sqlite

import (
	"embed"

	"github.com/pressly/goose/v3"

	"github.com/streamgate/streamgate/internal/schema"
	"github.com/streamgate/streamgate/metadata"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose writes down which migrations a database has.
const versionTable = "schema_version"

var tables = schema.Schema{
	Of: "the database", Dialect: goose.DialectSQLite3, Files: migrations, Versions: versionTable,
	Newer: metadata.ErrUnavailable, Failed: failed,
}
