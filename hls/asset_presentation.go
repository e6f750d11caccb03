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
	if a.growth != nil {
		return s.growing(ctx, a)
	}
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
		s.cache.Set(a.key, p, p.memory(s.mpegts))
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
		p, err := s.parseFiles(ctx, a)
		if err != nil {
			return nil, err
		}
		s.cache.Set(a.key, p, p.memory(s.mpegts))
		return p, nil
	})
}

// isWhole reports whether nothing of it is read from a stored index any more.
func (p *presentation) isWhole() bool {
	return !slices.ContainsFunc(p.files, func(f *mediaFile) bool { return f.blocks != "" })
}

// load reads the heads of the stored indexes. Where there is one that this version
// cannot read, its file is indexed again.
func (s *Server) load(ctx context.Context, a *row) (*presentation, error) {
	index, err := s.readIndex(ctx, a.Index)
	if err == nil && a.Revision == "" {
		err = errIndex
	}
	if err == nil {
		var p *presentation
		source := &mediaFile{index: index, source: a.Source, revision: a.Revision, blocks: a.Index, grown: a.Growth != ""}
		if p, err = s.together(ctx, a, source, false); err == nil {
			return p, nil
		}
	}
	if errors.Is(err, errIndex) || errors.Is(err, errChanged) {
		return s.parseFiles(ctx, a)
	}
	return nil, err
}

// together prepares the source of an asset with its renditions.
func (s *Server) together(ctx context.Context, a *row, source *mediaFile, anew bool) (*presentation, error) {
	renditions, err := s.renditions(ctx, a, source, anew)
	if err != nil {
		return nil, err
	}
	files := append([]*mediaFile{source}, renditions...)
	if err := s.protect(ctx, a, files...); err != nil {
		return nil, err
	}
	p := newPresentation(files...)
	for _, f := range p.files {
		if err := s.lookForIFrames(ctx, p, f); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// protect has the files of an asset encrypted, where Options say so, with the same
// keys.
func (s *Server) protect(ctx context.Context, a *row, files ...*mediaFile) error {
	return s.encryption.protect(ctx, files, KeyRequest{Asset: a.ID, Created: a.CreatedAt})
}

func (s *Server) readIndex(ctx context.Context, key string) (*media.Index, error) {
	if key == "" {
		return nil, errIndex
	}
	blob, err := s.files.Open(ctx, key)
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

// parseFiles indexes all files of an asset. The revision is that of the new
// index: the asset's own, unless another version of the packager computed that.
func (s *Server) parseFiles(ctx context.Context, a *row) (*presentation, error) {
	index, err := s.parseBlob(ctx, a.Source, &media.Options{Cut: s.cut})
	if err != nil {
		return nil, err
	}
	return s.together(ctx, a, &mediaFile{index: index, source: a.Source, revision: index.Revision(a.SourceID()), grown: a.Growth != ""}, true)
}

func (s *Server) parseBlob(ctx context.Context, key string, o *media.Options) (*media.Index, error) {
	src, err := openBlob(ctx, s.files, key)
	if err != nil {
		return nil, err
	}
	defer src.Close() //nolint:errcheck // it was only read
	return s.parse(ctx, src, o)
}

// lookForIFrames is findIFrames for a file in storage.
func (s *Server) lookForIFrames(ctx context.Context, p *presentation, f *mediaFile) error {
	if _, ok := s.files.(storage.FileOpener); !ok || !f.hasVideo() && len(f.index.Texts) == 0 {
		return nil
	}
	src, err := s.openSource(ctx, f)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // it was only read
	if f.blocks == "" {
		return p.findIFrames(ctx, f, src, nil)
	}
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
	if f.known != nil {
		return o.openGrowing(ctx, f.source)
	}
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
