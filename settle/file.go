package settle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// errInRuns means that a file lies already as it would be written.
var errInRuns = errors.New("each segment lies in one run")

// A file is what an asset is to be made of.
type file struct {
	*Settler
	asset    *metadata.Asset // as it was when this began
	name     string          // of the rendition; "" for the source
	of       *media.Index    // what it is a rendition of; nil for the source
	was      subject
	began    time.Time
	key      string
	indexKey string

	source   storage.Blob
	index    *media.Index // of the source
	revision string
	size     int64
	swapped  *metadata.Asset
}

// settledDir is where an asset's settled files are, each in a folder of its own
// that no other had before.
func settledDir(assetID string) string { return "assets/" + assetID + "/settled/" }

func (s *Settler) newFile(a *metadata.Asset, name string) *file {
	dir := settledDir(a.ID) + metadata.NewID()
	was, _ := subjectOf(a, name)
	return &file{Settler: s, asset: a, name: name, was: was, began: time.Now(), key: dir + "/source", indexKey: dir + "/index"}
}

// make writes the file and its index, and proves them.
func (f *file) make(ctx context.Context) error {
	defer f.close()
	if err := f.open(ctx); err != nil {
		return err
	}
	if in, err := f.inRuns(ctx); err != nil || in {
		return errors.Join(err, when(in, errInRuns))
	}
	size, err := media.RewrittenSize(ctx, f.index)
	if err != nil {
		return err
	}
	if err := f.room(ctx, size); err != nil {
		return err
	}
	if err := f.write(ctx, f.key, func(w io.Writer) (err error) {
		f.size, err = media.Rewrite(ctx, w, f.source, f.index)
		return err
	}); err != nil {
		return err
	}
	settled, err := f.prove(ctx)
	if err != nil {
		return err
	}
	return f.write(ctx, f.indexKey, func(w io.Writer) error { _, err := settled.WriteTo(w); return err })
}

func when(yes bool, err error) error {
	if yes {
		return err
	}
	return nil
}

// open opens the source and indexes it, cut as it is played.
func (f *file) open(ctx context.Context) (err error) {
	if f.source, err = f.files.Open(ctx, *f.was.source); err != nil {
		return err
	}
	stored, err := f.stored(ctx)
	if err != nil {
		return err
	}
	if f.name != "" {
		f.of = stored
	}
	o := f.options(f.o.Cut)
	if stored != nil { // options may have changed since then
		o = f.options(stored.Cut)
	}
	if f.index, err = media.Parse(ctx, f.source, f.source.Info().Size, o); err != nil {
		return err
	}
	f.revision = f.index.Revision(f.was.id)
	return nil
}

// options are those by which the source and the new file are indexed alike.
func (f *file) options(cut media.Cut) *media.Options {
	return &media.Options{Cut: cut, RenditionOf: f.of, Remote: f.remote()}
}

// stored is the index of the asset's source, nil where it is lost. A rendition is
// cut by it, so that there its source is indexed anew.
func (f *file) stored(ctx context.Context) (*media.Index, error) {
	index, err := f.readIndex(ctx)
	if index != nil || err != nil || f.name == "" {
		return index, err
	}
	blob, err := f.files.Open(ctx, f.asset.Source)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	return media.Parse(ctx, blob, blob.Info().Size, &media.Options{Cut: f.o.Cut, Remote: f.remote()})
}

func (f *file) readIndex(ctx context.Context) (*media.Index, error) {
	if f.asset.Index == "" {
		return nil, nil //nolint:nilnil // it is lost
	}
	blob, err := f.files.Open(ctx, f.asset.Index)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil //nolint:nilnil // it is lost
	}
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	index, err := media.Read(blob, blob.Info().Size)
	if errors.Is(err, media.ErrIndex) {
		return nil, nil //nolint:nilnil // it is lost
	}
	return index, err
}

func (f *file) close() {
	if f.source != nil {
		_ = f.source.Close() // it was only read
	}
}

// inRuns reports whether there is nothing to gain: every segment lies in one run
// already.
func (f *file) inRuns(ctx context.Context) (bool, error) {
	var samples []media.Sample
	for i, t := range f.index.Tracks {
		if t.Prefix.Size > 0 {
			return false, nil
		}
		for n := range t.Segments {
			var err error
			if err = ctx.Err(); err != nil {
				return false, err
			}
			if samples, err = f.index.Samples(samples[:0], nil, i, n); err != nil {
				return false, err
			}
			for k := 1; k < len(samples); k++ {
				if samples[k].Offset != samples[k-1].Offset+int64(samples[k-1].Size) {
					return false, nil
				}
			}
		}
	}
	return true, nil
}

// room refuses what would leave too little.
func (f *file) room(ctx context.Context, size int64) error {
	spacer, ok := f.files.(storage.Spacer)
	if !ok || f.o.Reserve < 0 {
		return nil
	}
	free, err := spacer.Space(ctx)
	if err != nil {
		return err
	}
	if free-size < f.o.Reserve {
		return problem.Errorf(storage.ErrFull, "%d bytes are free, %d are needed, and %d are to stay free", free, size, f.o.Reserve)
	}
	return nil
}

// write makes a blob of what fill writes.
func (f *file) write(ctx context.Context, key string, fill func(io.Writer) error) error {
	draft, err := f.files.Create(ctx, key)
	if err != nil {
		return err
	}
	defer draft.Close() //nolint:errcheck // after Commit nothing is left to fail, before it that error counts
	if err := fill(draft); err != nil {
		return err
	}
	return draft.Commit(ctx)
}

// remote reports whether each read of a file is a request.
func (f *file) remote() bool {
	_, local := f.files.(storage.FileOpener)
	return !local
}

// prove indexes the new file, as will be done again should its index be lost, and
// compares all that is presented of it with the source.
func (f *file) prove(ctx context.Context) (*media.Index, error) {
	blob, err := f.files.Open(ctx, f.key)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	settled, err := media.Parse(ctx, blob, blob.Info().Size, f.options(f.index.Cut))
	if err != nil {
		return nil, err
	}
	err = media.Compare(ctx, media.Presented{Index: f.index, Source: f.source}, media.Presented{Index: settled, Source: blob})
	if err != nil {
		return nil, err
	}
	if again := settled.Revision(f.was.id); again != f.revision {
		return nil, fmt.Errorf("%w: the revision is %s, and %s", media.ErrDiffers, f.revision, again)
	}
	return settled, nil
}

// remove removes what was written and is of no use.
func (f *file) remove(ctx context.Context) error {
	return errors.Join(f.files.Delete(ctx, f.key), f.files.Delete(ctx, f.indexKey))
}
