package settle_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage/disk"
)

// A Settler beside the other parts. Whoever makes assets ready calls Queue, for
// instance a handler of events.AssetReady.
func ExampleNew() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "settle")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	files, err := disk.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer files.Close()
	db, err := sqlite.Open(filepath.Join(dir, "streamgate.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()

	s, err := settle.New(files, db.Metadata(), &settle.Options{Alone: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Start(ctx); err != nil { // and finds what is left to do
		fmt.Println(err)
		return
	}
	s.Queue("an asset that became ready")
	fmt.Println(s.Stop(ctx))
	// Output: <nil>
}
