package metadata_test

import (
	"context"
	"errors"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

// killing is a store whose process ends before it can write down what it did.
type killing struct {
	metadata.Store

	kill context.CancelFunc
}

func (s *killing) Update(ctx context.Context, _ func(metadata.Tx) error) error {
	s.kill()
	return ctx.Err()
}

func TestAPosterThatAKilledAttemptHasLeftIsUsedByTheNext(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	a.Revision = "r1"
	if err := s.store.Update(t.Context(), func(tx metadata.Tx) error { return tx.UpdateAsset(t.Context(), a) }); err != nil {
		t.Fatal(err)
	}
	picture := still(t, "jpeg", 16, 9)
	ctx, kill := context.WithCancel(t.Context())
	err := metadata.SetPoster(ctx, s.files, &killing{s.store, kill}, a.ID, picture, a.Revision)
	if !errors.Is(err, context.Canceled) || len(left(t, s.files)) != 1 {
		t.Fatalf("%v, and there are the files %q", err, left(t, s.files))
	}
	if err := metadata.SetPoster(t.Context(), s.files, s.store, a.ID, picture, a.Revision); err != nil {
		t.Fatal(err)
	}
	equal(t, "files", left(t, s.files), []string{s.read(a.ID).Poster})
	if err := metadata.SetPoster(t.Context(), s.files, s.store, a.ID, picture, a.Revision); err != nil { // by one that is late
		t.Fatal(err)
	}
	equal(t, "files", left(t, s.files), []string{s.read(a.ID).Poster})
}
