package hls

import (
	"context"
	"sync"

	"github.com/streamgate/streamgate/internal/mpegts"
	"github.com/streamgate/streamgate/media"
)

// transportSegmentInput is a segment with what it is read from.
type transportSegmentInput struct {
	mpegts.Segment

	inputs  [2]mpegts.Input // video and audio
	sources [2]source
}

var transportSegments = sync.Pool{New: func() any { return new(transportSegmentInput) }}

// release closes the sources and gives the memory to the next one.
func (s *transportSegmentInput) release() {
	for i := range s.sources {
		if samples, ok := s.inputs[i].Source.(*sampleStream); ok {
			samples.release()
		}
		if s.sources[i].Closer != nil {
			_ = s.sources[i].Close() // it was only read
		}
		s.sources[i] = source{}
		s.inputs[i] = mpegts.Input{Samples: s.inputs[i].Samples[:0], Runs: s.inputs[i].Runs[:0]}
	}
	s.Segment = mpegts.Segment{}
	transportSegments.Put(s)
}

// sampleReader appends the samples of a segment of a track to dst.
type sampleReader func(ctx context.Context, dst []media.Sample, t *prepared, n int) ([]media.Sample, error)

// openTransport finds the samples of a segment and opens what they lie in. It is
// to be released.
func (p *player) openTransport(ctx context.Context, t *transportTrack, n int) (*transportSegmentInput, error) {
	s, err := newTransportSegment(ctx, p.samples, t, n)
	for i, stream := range []*transportStream{&t.video, &t.audio} {
		if err != nil || len(s.inputs[i].Samples) == 0 {
			continue
		}
		if s.sources[i], err = p.openSource(ctx, stream.file); err == nil {
			err = s.read(ctx, i, stream.prepared)
		}
	}
	if err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// read has an input read from its source.
func (s *transportSegmentInput) read(ctx context.Context, i int, t *prepared) error {
	stream, err := newSampleStream(ctx, s.sources[i], t, &s.inputs[i])
	if err == nil {
		s.inputs[i].Source = stream
	}
	return err
}

// newTransportSegment is a segment without its sources. It is to be released.
func newTransportSegment(ctx context.Context, samples sampleReader, t *transportTrack, n int) (*transportSegmentInput, error) {
	s := transportSegments.Get().(*transportSegmentInput)
	s.Segment = mpegts.Segment{Number: n, Zero: t.zero}
	part := t.parts[n]
	var err error
	if t.video.prepared != nil {
		s.Video = &s.inputs[0]
		if part.video >= 0 {
			err = t.video.read(ctx, samples, s.Video, part.video, 1)
		} else {
			s.Video.Stream = t.video.stream
		}
	}
	if err == nil && t.audio.prepared != nil {
		s.Audio = &s.inputs[1]
		err = t.audio.read(ctx, samples, s.Audio, part.audio, part.audios)
	}
	return s, err
}

// read reads the samples of count segments from one on.
func (t *transportStream) read(ctx context.Context, samples sampleReader, in *mpegts.Input, from, count int) (err error) {
	in.Stream, in.Origin = t.stream, t.Origin
	for n := from; n < from+count; n++ {
		before := len(in.Samples)
		if in.Samples, err = samples(ctx, in.Samples, t.prepared, n); err != nil {
			return err
		}
		if n == from {
			in.Decode = t.Segments[n].Decode
		}
		in.Runs = append(in.Runs, mpegts.Run{Samples: len(in.Samples) - before, Entry: t.Segments[n].Entry})
	}
	return nil
}
