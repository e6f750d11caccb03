package hls

import (
	"context"
	"errors"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

const (
	// growEvery is how long what is known of a growing file is good for, at least.
	growEvery = time.Second
	// growShare is what part of the time is spent on finding out, at most.
	growShare = 20
)

// A growth is an asset that plays while its file arrives: the presentation of what
// is there, as of some moment. It does not change.
type growth struct {
	*presentation
	parsed *media.Growing
	rungs  int64     // bytes that what is known of its renditions takes
	have   int64     // bytes of the file that were there
	next   time.Time // when to look again, where more was not known
}

// growthOf returns the upload that a growing asset plays from; nil for others.
func (s *Server) growthOf(ctx context.Context, a *metadata.Asset) (*metadata.Upload, error) {
	if !a.Growing() || !a.Playable {
		return nil, nil //nolint:nilnil // it does not grow
	}
	u, err := s.meta.Upload(ctx, a.Growth)
	switch {
	case errors.Is(err, metadata.ErrNotFound):
		return nil, nil //nolint:nilnil // not any more
	case err != nil:
		return nil, err
	case u.State == metadata.UploadCanceled, u.State == metadata.UploadFailed, u.Key == "":
		return nil, nil //nolint:nilnil // what was refused must not play on
	}
	return u, nil
}

// growing returns what plays of an asset that is not all there. Only bytes that
// its upload has acknowledged are looked at: they do not change.
func (s *Server) growing(ctx context.Context, a *row) (*presentation, error) {
	if g := s.grown(a); g != nil && !g.stale(a) {
		return g.presentation, nil
	}
	return s.loading.do(ctx, a.key, func(ctx context.Context) (*presentation, error) {
		before := s.grown(a)
		if before != nil && !before.stale(a) { // somebody looked since we did
			return before.presentation, nil
		}
		g, err := s.grow(ctx, a, before)
		if err != nil {
			return nil, err
		}
		s.cache.Set(a.key, g, g.memory(s.mpegts)+g.parsed.Known().Memory()+g.rungs)
		return g.presentation, nil
	})
}

// grown is what is in the cache, or nil.
func (s *Server) grown(a *row) *growth {
	if v, ok := s.cache.Get(a.key); ok {
		g, _ := v.(*growth)
		return g
	}
	return nil
}

// stale says whether more may be there, and it is time to look.
func (g *growth) stale(a *row) bool {
	return a.growth.Offset > g.have && (g.parsed.Complete() || time.Now().After(g.next))
}

// grow looks at what is there. Where all segments are known already, only how
// many of them are there is new.
func (s *Server) grow(ctx context.Context, a *row, before *growth) (*growth, error) {
	g := &growth{have: a.growth.Offset}
	if before != nil && before.parsed.Complete() {
		g.parsed = before.parsed
	} else {
		began := time.Now()
		var err error
		if g.parsed, err = s.parseGrowing(ctx, a); err != nil {
			return nil, err
		}
		g.next = time.Now().Add(max(growEvery, growShare*time.Since(began)))
	}
	index := g.parsed.Index(g.have)
	if index == nil {
		return nil, notReady("it is still being uploaded")
	}
	f := &mediaFile{
		index: index, known: g.parsed.Known(), grown: true, source: a.growth.Key, revision: g.parsed.Known().Revision(a.SourceID()),
	}
	rungs, err := s.growingRenditions(ctx, a, f)
	if err != nil {
		return nil, err
	}
	for _, r := range rungs {
		g.rungs += r.known.Memory()
	}
	files := append([]*mediaFile{f}, rungs...)
	if err := s.protect(ctx, a, files...); err != nil {
		return nil, err
	}
	g.presentation = newPresentation(files...)
	return g, nil
}

func (s *Server) parseGrowing(ctx context.Context, a *row) (*media.Growing, error) {
	return s.parseBeginning(ctx, a.growth.Key, a.growth.Offset, a.growth.Size, &media.Options{Cut: s.cut})
}

// growingRenditions are the files that grow beside the one that an asset plays from. How
// much there is of them was read with how much there is of that one, so their playlists
// end where its does. One that does not fit is left out, as it will be at the end.
func (s *Server) growingRenditions(ctx context.Context, a *row, source *mediaFile) ([]*mediaFile, error) {
	var list []*mediaFile
	for i := range a.Renditions {
		r := &a.Renditions[i]
		have := a.growth.RenditionOffset(r.Name)
		if !r.Growing() || r.Growth != a.Growth || have == 0 {
			continue
		}
		parsed, err := s.parseBeginning(ctx, r.Source, have, -1, &media.Options{RenditionOf: source.known})
		switch {
		case err == nil:
		case errors.Is(err, ErrNotReady), errors.Is(err, storage.ErrNotFound), errors.Is(err, media.ErrRendition), refused(err):
			continue
		default:
			return nil, err
		}
		index := parsed.Index(have)
		if index == nil {
			continue
		}
		list = append(list, &mediaFile{
			index: index, known: parsed.Known(), grown: true, source: r.Source, name: r.Name,
			revision: parsed.Known().Revision(r.SourceID(source.revision)),
		})
	}
	return list, nil
}

// parseBeginning indexes the first have bytes of what a file will be.
func (s *Server) parseBeginning(ctx context.Context, key string, have, size int64, o *media.Options) (*media.Growing, error) {
	src, err := assetOpener{s}.openGrowing(ctx, key)
	if err != nil {
		return nil, err
	}
	defer src.Close() //nolint:errcheck // it was only read
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	g, err := media.ParseGrowing(ctx, src, have, size, o)
	if errors.Is(err, media.ErrMore) || errors.Is(err, media.ErrWhole) {
		return nil, notReady("it is still being uploaded")
	}
	return g, err
}

// openGrowing opens a draft, or the blob that it has become.
func (o assetOpener) openGrowing(ctx context.Context, key string) (source, error) {
	drafts, ok := o.files.(storage.DraftReader)
	if !ok {
		return source{}, notReady("it is still being uploaded")
	}
	b, err := drafts.OpenDraft(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return openBlob(ctx, o.files, key)
	}
	if err != nil {
		return source{}, err
	}
	return source{ReaderAt: b, Closer: b, size: b.Info().Size}, nil
}

// open says whether more of it is to come.
func (p *presentation) open() bool { return p.source().known != nil }

// needsWhole says whether a resource is there only once the file is complete.
func (p *player) needsWhole(what resource) bool {
	switch what {
	case dashManifest, original, settledSource:
		return true
	case download:
		return p.downloads
	case transportMultivariant, transportPlaylist, transportSegment:
		return p.mpegts
	}
	return false
}

// shared is what the playlists of a presentation say alike, of which f is the
// first file. Of one that grows it is what stays true when it has grown: its
// target duration is that of all segments, or the longest that there can be.
func (f *mediaFile) shared() shared {
	all := f.index
	if f.known != nil {
		all = f.known
	}
	s := sharedBy(all.Tracks)
	s.event, s.open = f.grown, f.known != nil
	if s.event {
		s.target = max(s.target, f.index.Bound)
	}
	if s.open && f.index.Bound > 0 {
		s.independent = false // of what comes that is not known
	}
	return s
}
