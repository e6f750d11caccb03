package settle

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// lostAfter is how old a file is that no asset refers to, until it is certain that
// no other process is about to refer to it.
const lostAfter = time.Hour

// sweep removes what was written for an asset and is not what it is made of: a
// process died, or the asset was replaced. The caller has the asset for itself.
func (s *Settler) sweep(ctx context.Context, a *metadata.Asset) error {
	used := []string{a.Source, a.Index, a.Kept()}
	for i := range a.Renditions {
		r := &a.Renditions[i]
		used = append(used, r.Source, r.Index, r.Kept())
	}
	lost, err := s.lost(nil, s.files.Drafts(ctx, settledDir(a.ID)), used)
	if err == nil {
		lost, err = s.lost(lost, s.files.List(ctx, settledDir(a.ID)), used)
	}
	for _, key := range lost {
		if err == nil {
			err = s.files.Delete(ctx, key)
		}
	}
	return err
}

func (s *Settler) lost(keys []string, list iter.Seq2[storage.Info, error], used []string) ([]string, error) {
	for info, err := range list {
		if err != nil {
			return keys, err
		}
		if !slices.Contains(used, info.Key) && (s.o.Alone || time.Since(info.ModTime) > lostAfter) {
			keys = append(keys, info.Key)
		}
	}
	return keys, nil
}

// sweepDrafts removes what is half written of assets that are not settled any
// more, or are gone: nobody asks for those.
func (s *Settler) sweepDrafts(ctx context.Context) error {
	seen := map[string]bool{}
	for draft, err := range s.files.Drafts(ctx, "assets/") {
		if err != nil {
			return err
		}
		if part := strings.Split(draft.Key, "/"); len(part) == 5 && part[2] == "settled" {
			seen[part[1]] = true
		}
	}
	for id := range seen {
		if err := s.sweepAsset(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (s *Settler) sweepAsset(ctx context.Context, id string) error {
	if !s.enter(id) {
		return nil // it is being settled, and swept
	}
	defer s.leave(id)
	a, err := s.meta.Asset(ctx, id)
	if errors.Is(err, metadata.ErrNotFound) {
		a, err = &metadata.Asset{ID: id}, nil
	}
	if err != nil {
		return err
	}
	return s.sweep(ctx, a)
}
