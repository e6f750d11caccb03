package transcode_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

// An askedOf is a store that counts what is asked of it.
type askedOf struct {
	metadata.Store

	asked atomic.Int64
}

func (s *askedOf) Asset(ctx context.Context, id string) (*metadata.Asset, error) {
	s.asked.Add(1)
	return s.Store.Asset(ctx, id)
}

func (s *askedOf) UploadsOf(ctx context.Context, asset string) ([]*metadata.Upload, error) {
	s.asked.Add(1)
	return s.Store.UploadsOf(ctx, asset)
}

func (s *askedOf) UndecidedAssets(ctx context.Context, after string, limit int) ([]*metadata.Asset, error) {
	s.asked.Add(1)
	return s.Store.UndecidedAssets(ctx, after, limit)
}

func (s *askedOf) WaitingAssets(ctx context.Context, after string, limit int) ([]*metadata.Asset, error) {
	s.asked.Add(1)
	return s.Store.WaitingAssets(ctx, after, limit)
}

func (s *askedOf) Update(ctx context.Context, fn func(tx metadata.Tx) error) error {
	s.asked.Add(1)
	return s.Store.Update(ctx, fn)
}

// TestManyAssetsThatWaitAreNotAskedForOneByOne looks, as each process does each minute,
// for what somebody has to go on with, where many wait their turn.
func TestManyAssetsThatWaitAreNotAskedForOneByOne(t *testing.T) {
	const many = 300
	s := &askedOf{}
	h := newHouse(t, t.TempDir(), houseOptions{programs: nothing{}, idle: true, wrap: func(m metadata.Store) metadata.Store {
		s.Store = m
		return s
	}})
	err := h.meta.Update(t.Context(), func(tx metadata.Tx) error {
		for range many {
			a := &metadata.Asset{ID: metadata.NewID(), Owner: "ann", State: metadata.Processing, Waiting: metadata.WaitTranscoder, Settling: metadata.Settling{Original: "x"}}
			if err := tx.InsertAsset(t.Context(), a); err != nil {
				return err
			}
			came := &metadata.Upload{ID: metadata.NewID(), Asset: a.ID, Owner: "ann", State: metadata.UploadComplete, Protocol: "tus"}
			made := &metadata.Upload{
				ID: metadata.NewID(), Asset: a.ID, Owner: "ann", State: metadata.UploadTranscoding, Protocol: metadata.ProtocolTranscode,
				Metadata: map[string]string{"of": came.ID, "record": `{"profile":"default"}`},
			}
			for _, u := range []*metadata.Upload{came, made} {
				if err := tx.InsertUpload(t.Context(), u); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, look := range map[string]func(context.Context) error{"uploads": h.up.Recover, "transcodes": h.coder.Recover} {
		s.asked.Store(0)
		if err := look(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := s.asked.Load(); n > 20 {
			t.Errorf("to look for %s asks %d times, where %d assets wait", name, n, many)
		}
	}
}
