package transcode

import (
	"context"
	"iter"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// nobody is metadata of no asset, so that nothing is in use.
type nobody struct{ metadata.Store }

func (nobody) Asset(context.Context, string) (*metadata.Asset, error) {
	return nil, metadata.ErrNotFound
}

func (nobody) Upload(context.Context, string) (*metadata.Upload, error) {
	return nil, metadata.ErrNotFound
}

// full is storage that has a file wherever one looks.
type full struct {
	storage.Store

	deleted int
}

func (*full) Drafts(context.Context, string) iter.Seq2[storage.Info, error] {
	return func(func(storage.Info, error) bool) {}
}

func (*full) List(_ context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) { yield(storage.Info{Key: prefix + "source"}, nil) }
}

func (f *full) Delete(context.Context, string) error { f.deleted++; return nil }

// TestNothingIsTidiedUpByAnotherName has tasks that somebody submits by hand name what
// is an asset's in another way, by which the asset is not found that uses it.
func TestNothingIsTidiedUpByAnotherName(t *testing.T) {
	for name, c := range map[string]struct {
		args    args
		deleted int
	}{
		"a transcode":                     {args{Transcode: "t", Asset: "a"}, 1},
		"what lies below that of another": {args{Transcode: "rungs", Asset: "a/t"}, 0},
		"the same, the other way round":   {args{Transcode: "t/rungs", Asset: "a"}, 0},
		"what lies beside all assets":     {args{Transcode: "t", Asset: ".."}, 1}, // storage has no such keys
	} {
		t.Run(name, func(t *testing.T) {
			files := &full{}
			coder := &Transcoder{Services: Services{Files: files, Metadata: nobody{}}}
			if err := coder.tidy(t.Context(), &work{args: c.args}); err != nil || files.deleted != c.deleted {
				t.Errorf("%d files are deleted, want %d: %v", files.deleted, c.deleted, err)
			}
		})
	}
}
