package sqlite

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// walLimit is what the log shrinks to after a burst, in bytes.
const walLimit = 64 << 20

// dsn returns the data source name of the file for a pool with these pragmas.
// The path goes in as a percent-encoded URI, in which neither the driver nor
// SQLite finds a '?' or '#' of the path's own.
func dsn(path string, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // a drive letter
		path = "/" + path
	}
	q := url.Values{"_txlock": {"immediate"}}
	for _, p := range append([]string{
		"busy_timeout(1000)", // first: the others may have to wait
		"journal_mode(wal)",
		"synchronous(full)",
		"foreign_keys(on)",
		"trusted_schema(off)",
		"temp_store(memory)",
		fmt.Sprintf("journal_size_limit(%d)", walLimit),
	}, pragmas...) {
		q.Add("_pragma", p)
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}
