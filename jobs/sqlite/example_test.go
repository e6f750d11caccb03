package sqlite_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/streamgate/streamgate/jobs"
	jobsqlite "github.com/streamgate/streamgate/jobs/sqlite"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// Jobs in the file of the metadata.
func ExampleDatabase() {
	dir, err := os.MkdirTemp("", "video")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(filepath.Join(dir, "streamgate.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	queue, err := jobs.New(jobsqlite.Database(db), nil)
	fmt.Println(queue != nil, err)
	// Output: true <nil>
}
