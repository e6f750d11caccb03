package streamgate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/upload"
)

// importAll makes assets of the films in a folder, where they lie.
func importAll(ctx context.Context, gate *streamgate.Gate, folder string) error {
	films, err := filepath.Glob(filepath.Join(folder, "*.mp4"))
	if err != nil {
		return err
	}
	for _, film := range films {
		asset, err := gate.Import(ctx, "ada", film, nil)
		if errors.Is(err, upload.ErrType) {
			fmt.Println(filepath.Base(film), "is no film")
			continue
		}
		if err != nil {
			return err
		}
		fmt.Println(asset.Title, asset.State, asset.Error)
	}
	return nil
}

func ExampleGate_Import() {
	dir, err := os.MkdirTemp("", "streamgate")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "notes.mp4"), []byte("buy milk"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	gate, err := streamgate.New(filepath.Join(dir, "data"),
		streamgate.WithAuthenticator(auth.Everybody("ada")), streamgate.WithImportFolder(dir))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println(importAll(ctx, gate, dir), gate.Stop(ctx))
	// Output:
	// notes.mp4 is no film
	// <nil> <nil>
}
