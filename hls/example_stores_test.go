package hls_test

import (
	"context"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// Stores with nothing in them, so that the example needs no driver.

type noFiles struct{ storage.Store }

type noAssets struct{ metadata.Store }

func (noAssets) Asset(context.Context, string) (*metadata.Asset, error) {
	return nil, metadata.ErrNotFound
}
