package hls

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

const (
	// maxLooks is how many pictures of a track are looked at before its I-frames
	// are offered: all of some 25 minutes, else so many, evenly spread. A picture
	// is looked at again when it is sent.
	maxLooks = 128
	// segmentMemory is about what a media.Segment takes.
	segmentMemory = 56
)

// findIFrames offers the first picture of each segment of a file's video as an
// I-frame, where these decode alone. It reads the samples of all segments from
// the index, whose blocks are in blocks unless it holds them, and where each
// picture begins from src: so it is for files of the operating system, where
// that takes milliseconds. Of a source elsewhere nothing is offered, because the
// first viewer would wait for hundreds of requests. It looks for closed captions
// too.
//
// It is called before the presentation is used.
func (p *presentation) findIFrames(ctx context.Context, f *mediaFile, src source, blocks io.ReaderAt) error {
	if src.file == nil {
		return nil
	}
	f.isLocal = true
	for i := range p.tracks {
		t := &p.tracks[i]
		if t.file != f || t.Kind != media.Video {
			continue
		}
		if err := t.findClosedCaptions(ctx, src, blocks); err != nil {
			return err
		}
		if !t.Independent || len(t.Segments) == 0 {
			continue
		}
		track, known, err := t.iframesOf(ctx, src, blocks)
		if err != nil {
			return err
		}
		if known {
			t.iframes = p.prepareIFrames(t, track)
		}
	}
	return nil
}

func (f *mediaFile) hasVideo() bool {
	for _, t := range f.index.Tracks {
		if t.Kind == media.Video {
			return true
		}
	}
	return false
}

// iframesOf returns the track of its I-frames; none is known where one of those
// that are looked at does not decode alone.
func (t *prepared) iframesOf(ctx context.Context, src, blocks io.ReaderAt) (_ *media.Track, known bool, _ error) {
	track := *t.Track
	track.Layout.Durations = true
	track.Segments = make([]media.Segment, len(t.Segments))
	every := (len(t.Segments) + maxLooks - 1) / maxLooks
	if blocks != nil {
		blocks = &readOn{ReaderAt: blocks}
	}
	for n := range t.Segments {
		s := &t.Segments[n]
		if s.Samples == 0 {
			return nil, false, nil
		}
		first, err := t.file.index.First(blocks, t.at, n)
		if err != nil {
			return nil, false, fmt.Errorf("%w: %w", errIndex, err)
		}
		if err = ctx.Err(); err != nil {
			return nil, false, err
		}
		if first.Size == 0 {
			return nil, false, nil
		}
		if n%every == 0 || n == len(t.Segments)-1 {
			if ok, err := alone(src, t.Track, s, first); err != nil || !ok || !first.Sync {
				return nil, false, err
			}
		}
		start := int64(s.Decode) + int64(first.Shift) - int64(t.Origin)
		track.Segments[n] = media.Segment{
			Decode: s.Decode, Start: start, Duration: uint64(max(s.Start+int64(s.Duration)-start, 1)),
			Bytes: int64(first.Size), Samples: 1, Entry: s.Entry,
		}
	}
	return &track, true, nil
}

// prepareIFrames prepares the track of the I-frames of t. They have its init
// segment.
func (p *presentation) prepareIFrames(t *prepared, track *media.Track) *prepared {
	return &prepared{
		sizes: t.file.protection.sizesOf(track),
		Track: track, file: t.file, at: t.at, folder: t.folder, init: t.init, isIFrames: true, repeated: t.repeated,
		playlist: newDocument(playlistType, func() []byte {
			return appendIFramePlaylist(make([]byte, 0, mediaPlaylistSize(track)+t.file.protection.tagsSize()), track, t.file.protection, p.shared())
		}),
		etags: t.etags + "i",
	}
}

// iframe makes of the samples of segment n the only one of its I-frame. It lasts
// until the next I-frame is decoded, so that nothing is missing between them.
func (t *prepared) iframe(src io.ReaderAt, samples []media.Sample, n int) ([]media.Sample, error) {
	s := &t.Segments[n]
	if len(samples) == 0 {
		return samples, fmt.Errorf("%w: segment %d of track %d has no samples", errIndex, n, t.ID)
	}
	first := samples[0]
	alone, err := alone(src, t.Track, s, first)
	if err == nil && !alone {
		err = problem.Errorf(ErrNotFound, "picture %d does not decode alone", n)
	}
	lasts := s.Duration
	if n+1 < len(t.Segments) {
		lasts = t.Segments[n+1].Decode - s.Decode
	}
	first.Duration = uint32(min(max(lasts, 1), math.MaxUint32))
	samples[0] = first
	return samples[:1], err
}
