// Package metadatatest is the suite that every implementation of
// metadata.Store passes: the sentences of its contract as tests.
//
//	func TestStore(t *testing.T) {
//		metadatatest.Run(t, func(t *testing.T) metadata.Store { return openMine(t) })
//	}
package metadatatest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

type test struct {
	name string
	run  func(t *testing.T, s metadata.Store)
}

// Run runs the suite. open returns an empty store, a new one for each call, and
// sees to its end with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) metadata.Store) {
	t.Helper()
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"assets", assetTests},
		{"uploads", uploadTests},
		{"usage", usageTests},
		{"transactions", transactionTests},
		{"concurrency", concurrencyTests},
		{"search", searchTests},
		{"pages", pageTests},
		{"events", eventTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
			}
		})
	}
}

// fullAsset returns an asset in which every field says something.
func fullAsset() *metadata.Asset {
	return &metadata.Asset{
		ID: metadata.NewID(), Owner: "ann", Title: "A title: \"quoted\", 'single' \\ and 日本語",
		Description: "Two\nlines <b>&amp;</b> %s ?1 :x", Tags: []string{"one", "zwei drei", `"`, "<&>", "日本"},
		State: metadata.Processing, Playable: true, Error: "an error", Waiting: metadata.WaitTranscoder, Reason: "a reason",
		Duration: 1.0 / 3, Size: 1 << 53, SHA256: "ab", Type: "video/mp4", Filename: "a b.mp4",
		Tracks: []metadata.Track{
			{
				ID: 1, Kind: "video", Codec: "avc1.64001f", Language: "de", Width: 1920, Height: 1080,
				FrameRate: 30000.0 / 1001, Bitrate: 5_000_000, Duration: 12.5,
			},
			{ID: 2, Kind: "audio", Codec: "mp4a.40.2", Channels: 2, SampleRate: 48000},
		},
		Renditions: []metadata.Rendition{
			{Name: metadata.SourceRendition, State: metadata.Ready, Width: 1, Height: 2},
			{Name: "1080p", State: metadata.Failed, Width: 1, Height: 2, Error: "no room"},
			{
				Name: "720p", State: metadata.Ready, Width: 1280, Height: 720, Codec: "avc1.64001f", Bitrate: 3_000_000, Size: 1 << 40,
				Source: "assets/x/y/source", Index: "assets/x/y/index", SHA256: "ef", Revision: "r2",
				Settling: metadata.Settling{State: metadata.Settled, Original: "assets/x/y/original", Dropped: true, Reason: "so"},
				Growth:   "u2",
			},
		},
		Thumbnails: &metadata.Thumbnails{Columns: 5, Rows: 4, Width: 160, Height: 90, Interval: 0.1, Count: 77, Largest: 1 << 20, Prefix: "assets/x/t-"},
		Captions:   []metadata.Caption{{Language: "en", Label: "English", Kind: metadata.SpokenAndSounds, Default: true, Forced: true, Key: "assets/x/en", Size: 7}},
		Poster:     "assets/x/poster.jpg", Source: "assets/x/source", Index: "assets/x/index", Revision: "r1", Growth: "u1",
		Settling: metadata.Settling{State: metadata.Settled, Original: "assets/x/original", Dropped: true, Reason: "it's \"so\""},
	}
}

// asset returns one with little in it.
func asset(owner string) *metadata.Asset {
	return &metadata.Asset{ID: metadata.NewID(), Owner: owner, State: metadata.Ready}
}

func fullUpload(asset string) *metadata.Upload {
	return &metadata.Upload{
		ID: metadata.NewID(), Asset: asset, Rendition: "720p", Owner: "ann", Key: "uploads/x", State: metadata.UploadOpen, Size: -1,
		Offset: 77, Hash: []byte{0, 1, 255}, SHA256: "cd", Filename: "b.mp4", Type: "video/mp4", Protocol: "tus",
		Metadata: map[string]string{"filename": "b.mp4", "k\"": "v\n<"}, Concat: "final;a b", Error: "none",
		ExpiresAt: time.Now().Add(time.Hour),
	}
}

func update(t *testing.T, s metadata.Store, fn func(ctx context.Context, tx metadata.Tx) error) {
	t.Helper()
	ctx := t.Context()
	if err := s.Update(ctx, func(tx metadata.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func insert(t *testing.T, s metadata.Store, assets ...*metadata.Asset) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		for _, a := range assets {
			if err := tx.InsertAsset(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

func insertUpload(t *testing.T, s metadata.Store, u *metadata.Upload) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx metadata.Tx) error { return tx.InsertUpload(ctx, u) })
}

func read(t *testing.T, s metadata.Reader, id string) *metadata.Asset {
	t.Helper()
	a, err := s.Asset(t.Context(), id)
	if err != nil {
		t.Fatalf("Asset(%q): %v", id, err)
	}
	return a
}

func emit(t *testing.T, s metadata.Store, list ...*events.Event) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx metadata.Tx) error {
		for _, e := range list {
			if err := tx.Emit(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
