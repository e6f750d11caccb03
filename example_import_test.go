package streamgate_test

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/streamgate/streamgate"
)

// The files of a folder become assets where they lie.
func ExampleGate_Import() {
	importAll := func(ctx context.Context, gate *streamgate.Gate, folder string) error {
		films, err := filepath.Glob(filepath.Join(folder, "*.mp4"))
		if err != nil {
			return err
		}
		for _, film := range films {
			asset, err := gate.Import(ctx, "ada", film, nil)
			if err != nil {
				return err
			}
			fmt.Println(asset.Title, asset.State, asset.Error)
		}
		return nil
	}
	_ = importAll // with a Gate made with WithImportFolder
}
