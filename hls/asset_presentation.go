package hls

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/storage"
)

// presentation returns the asset prepared for playback, from the cache where it
// is there. The first viewers, however many, wait for one loading.
func (s *Server) presentation(ctx context.Context, a *row) (*presentation, error) {
	if p := s.loaded(a); p != nil {
		return p, nil
	}
	return s.loading.do(ctx, a.key, func(ctx context.Context) (*presentation, error) {
		if p := s.loaded(a); p != nil { // by whoever loaded it since we looked
			return p, nil
		}
		p, err := s.load(ctx, a)
		if err != nil {
			return nil, err
		}
		s.cache.Set(a.key, p, p.memory())
		return p, nil
	})
}

// loaded is the presentation that is in the cache, or nil.
func (s *Server) loaded(a *row) *presentation {
	if v, ok := s.cache.Get(a.key); ok {
		p, _ := v.(*presentation)
		return p
	}
	return nil
}

// rebuild replaces a presentation whose stored index turned out to be damaged.
func (s *Server) rebuild(ctx context.Context, a *row) (*presentation, error) {
	return s.loading.do(ctx, a.key+" rebuilt", func(ctx context.Context) (*presentation, error) {
		if v, ok := s.cache.Get(a.key); ok {
			if p, ok := v.(*presentation); ok && p.isWhole() {
				return p, nil // somebody else just did it
			}
		}
		p, err := s.parseSource(ctx, a)
		if err != nil {
			return nil, err
		}
		s.cache.Set(a.key, p, p.memory())
		return p, nil
	})
}

// isWhole reports whether nothing of it is read from a stored index any more.
func (p *presentation) isWhole() bool {
	return !slices.ContainsFunc(p.files, func(f *mediaFile) bool { return f.blocks != "" })
}

// load reads the head of the stored index. Where there is none that this
// version can read, the source is indexed again.
func (s *Server) load(ctx context.Context, a *row) (*presentation, error) {
	index, err := s.readIndex(ctx, a)
	if err == nil {
		f := &mediaFile{index: index, source: a.Source, revision: a.Revision, blocks: a.Index}
		if err := s.protect(ctx, a, f); err != nil {
			return nil, err
		}
		p := newPresentation(f)
		if err = s.lookForIFrames(ctx, p, p.source()); err == nil {
			return p, nil
		}
	}
	if errors.Is(err, errIndex) || errors.Is(err, errChanged) {
		return s.parseSource(ctx, a)
	}
	return nil, err
}

func (s *Server) readIndex(ctx context.Context, a *row) (*media.Index, error) {
	if a.Index == "" || a.Revision == "" {
		return nil, errIndex
	}
	blob, err := s.files.Open(ctx, a.Index)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	case err != nil:
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	index, err := media.Read(blob, blob.Info().Size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	return index, nil
}

// parseSource indexes the source. The revision is that of the new index: the
// asset's own, unless another version of the packager computed that.
func (s *Server) parseSource(ctx context.Context, a *row) (*presentation, error) {
	src, err := openBlob(ctx, s.files, a.Source)
	if err != nil {
		return nil, err
	}
	defer src.Close() //nolint:errcheck // it was only read
	index, err := s.parse(ctx, src)
	if err != nil {
		return nil, err
	}
	f := &mediaFile{index: index, source: a.Source, revision: index.Revision(a.SourceID())}
	if err := s.protect(ctx, a, f); err != nil {
		return nil, err
	}
	p := newPresentation(f)
	if err := p.findIFrames(ctx, p.source(), src, nil); err != nil {
		return nil, err
	}
	return p, nil
}

// protect has a file of an asset encrypted, where Options say so.
func (s *Server) protect(ctx context.Context, a *row, f *mediaFile) error {
	return s.encryption.protect(ctx, f, KeyRequest{Asset: a.ID, Created: a.CreatedAt})
}

// lookForIFrames is findIFrames for a file whose index was stored.
func (s *Server) lookForIFrames(ctx context.Context, p *presentation, f *mediaFile) error {
	if _, ok := s.files.(storage.FileOpener); !ok || !f.hasVideo() {
		return nil
	}
	src, err := s.openSource(ctx, f)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // it was only read
	blocks, err := s.openBlocks(ctx, f)
	if err != nil {
		return fmt.Errorf("%w: %w", errIndex, err)
	}
	defer blocks.Close() //nolint:errcheck // it was only read
	return p.findIFrames(ctx, f, src, blocks)
}

// assetOpener opens the blobs of an asset's presentation.
type assetOpener struct{ *Server }

func (o assetOpener) openSource(ctx context.Context, f *mediaFile) (source, error) {
	src, err := openBlob(ctx, o.files, f.source)
	if err != nil {
		return source{}, err
	}
	if src.size != f.index.Size {
		_ = src.Close()
		return source{}, errChanged
	}
	return src, nil
}

func (o assetOpener) openBlocks(ctx context.Context, f *mediaFile) (source, error) {
	return openBlob(ctx, o.files, f.blocks)
}
