package upload

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// recoverParts removes the bytes of parts whose rows are not there. A row is
// written before the first byte and goes before the last, so it is no newcomer.
func (up *Uploader) recoverParts(ctx context.Context) error {
	var errs []error
	for _, list := range []iter.Seq2[storage.Info, error]{
		up.files.Drafts(ctx, metadata.PartPrefix), up.files.List(ctx, metadata.PartPrefix),
	} {
		keys, err := up.orphanParts(ctx, list)
		errs = append(errs, err)
		for _, key := range keys {
			errs = append(errs, up.files.Delete(ctx, key))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("upload: removing parts: %w", err)
	}
	return nil
}

// orphanParts collects the keys of a list that are a part's and nobody's.
func (up *Uploader) orphanParts(ctx context.Context, list iter.Seq2[storage.Info, error]) (keys []string, err error) {
	for info, err := range list {
		if err != nil {
			return keys, err
		}
		id, _, _ := strings.Cut(strings.TrimPrefix(info.Key, metadata.PartPrefix), "/")
		if !metadata.IsID(id) || info.Key != partKey(id) {
			continue
		}
		_, err := up.meta.Upload(ctx, id)
		switch {
		case errors.Is(err, metadata.ErrNotFound):
			keys = append(keys, info.Key)
		case err != nil:
			return keys, err
		}
	}
	return keys, nil
}
