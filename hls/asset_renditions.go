package hls

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// renditions are the files that play beside the source of an asset. One whose
// bytes are not what they were, or that is not cut where the source is, is left
// out: the others play without it.
func (s *Server) renditions(ctx context.Context, a *row, source *mediaFile, anew bool) ([]*mediaFile, error) {
	var list []*mediaFile
	for i := range a.Renditions {
		r := &a.Renditions[i]
		if !r.Plays() && !r.Growing() { // what grew with the source is whole when that is
			continue
		}
		f, err := s.rendition(ctx, r, source, anew)
		switch {
		case err == nil:
			if !slices.ContainsFunc(list, func(o *mediaFile) bool { return o.revision == f.revision }) { // twice the same
				list = append(list, f)
			}
		case errors.Is(err, storage.ErrNotFound), errors.Is(err, errChanged), errors.Is(err, media.ErrRendition), refused(err):
		default:
			return nil, err
		}
	}
	return list, nil
}

// rendition prepares one of them. Its revision follows from that of the source,
// whose cuts it has.
func (s *Server) rendition(ctx context.Context, r *metadata.Rendition, source *mediaFile, anew bool) (*mediaFile, error) {
	f := &mediaFile{source: r.Source, blocks: r.Index, name: r.Name, gone: r.Kept() == ""}
	if kept := r.Kept(); kept != "" && kept != r.Source {
		f.came = &mediaFile{index: &media.Index{Size: r.Size}, source: kept}
	}
	err := errIndex
	if !anew {
		f.index, err = s.readIndex(ctx, r.Index)
	}
	if err == nil && !inStep(source.index, f.index) {
		err = errIndex
	}
	if errors.Is(err, errIndex) {
		f.blocks = ""
		f.index, err = s.parseBlob(ctx, r.Source, &media.Options{RenditionOf: source.index})
	}
	if err != nil {
		return nil, err
	}
	f.revision = f.index.Revision(r.SourceID(source.revision))
	if f.came != nil {
		f.came.revision = f.revision
	}
	src, err := assetOpener{s}.openSource(ctx, f)
	if err != nil {
		return nil, err
	}
	return f, src.Close()
}

// inStep reports whether a rendition is cut where its source is; or, of sound, is of
// the same clock as that of the source that it sounds as.
func inStep(source, rendition *media.Index) bool {
	a, b := videoOf(source), videoOf(rendition)
	if b == nil {
		return !slices.ContainsFunc(rendition.Tracks, func(t *media.Track) bool { return !inTune(source, t) })
	}
	return a != nil && len(rendition.Tracks) == 1 && newTimeline(a).inStep(newTimeline(b))
}

// tuned is by how many microseconds the clocks of two sounds may be apart: a tick.
const tuned = 1000

func inTune(source *media.Index, sound *media.Track) bool {
	at := slices.IndexFunc(source.Tracks, func(t *media.Track) bool { return t.Kind == media.Audio && t.ID == sound.ID })
	if at < 0 || sound.Kind != media.Audio {
		return false
	}
	of := source.Tracks[at]
	late := microseconds(int64(of.Origin), of.Timescale) - microseconds(int64(sound.Origin), sound.Timescale)
	return max(late, -late) <= tuned && choiceOf(&prepared{Track: of}) == choiceOf(&prepared{Track: sound})
}

func videoOf(ix *media.Index) *media.Track {
	for _, t := range ix.Tracks {
		if t.Kind == media.Video {
			return t
		}
	}
	return nil
}

// renditionsID names what plays beside a source.
func renditionsID(list []metadata.Rendition) string {
	var id strings.Builder
	for i := range list {
		if r := &list[i]; r.Plays() || r.Growing() {
			id.WriteString("/" + r.Name + "/" + r.Revision + "/" + r.Source + "/" + r.Index + "/" + r.Kept())
		}
	}
	return id.String()
}
