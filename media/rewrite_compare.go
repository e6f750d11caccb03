package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// ErrDiffers means that two files are not presented alike.
var ErrDiffers = errors.New("media: the files are not presented alike")

// A Presented is an index that Parse returned, with what it describes.
type Presented struct {
	Index  *Index
	Source io.ReaderAt
}

// Compare tells whether b, which Rewrite made of a, is presented exactly as a is:
// the same tracks, cut at the same places, each sample of the same bytes, size,
// duration, composition offset and kind, subtitles included; and whether all bytes of
// a segment lie together in b, and all subtitles of a track. It reads all that is presented of both. An error that matches
// ErrDiffers says what is not the same; any other is one of reading, or of ctx.
func Compare(ctx context.Context, a, b Presented) error {
	if len(a.Index.Tracks) != len(b.Index.Tracks) {
		return fmt.Errorf("%w: %d tracks, and %d", ErrDiffers, len(a.Index.Tracks), len(b.Index.Tracks))
	}
	for i := range a.Index.Tracks {
		if err := compareTracks(a.Index.Tracks[i], b.Index.Tracks[i]); err != nil {
			return err
		}
	}
	if err := compareTexts(a.Index.Texts, b.Index.Texts); err != nil {
		return err
	}
	if x, y := a.Index, b.Index; x.Duration != y.Duration || x.Bound != y.Bound || x.Cut != y.Cut {
		return fmt.Errorf("%w: %v seconds cut by %d, and %v by %d", ErrDiffers, x.Duration, x.Bound, y.Duration, y.Bound)
	}
	c := &comparison{a: side{Presented: a, runs: newRunReader(ctx, a.Source)}, b: side{Presented: b, runs: newRunReader(ctx, b.Source)}}
	return c.all()
}

// compareTracks compares what the tracks are, field by field.
func compareTracks(a, b *Track) error {
	x, y := reflect.ValueOf(*a), reflect.ValueOf(*b)
	for i := range x.NumField() {
		name := x.Type().Field(i).Name
		if name == "Segments" || name == "Prefix" || reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			continue
		}
		if name == "Entries" {
			return fmt.Errorf("%w: the sample entries of track %d", ErrDiffers, a.ID)
		}
		return fmt.Errorf("%w: %s of track %d is %v, and %v", ErrDiffers, name, a.ID, x.Field(i).Interface(), y.Field(i).Interface())
	}
	if len(a.Segments) != len(b.Segments) {
		return fmt.Errorf("%w: track %d has %d segments, and %d", ErrDiffers, a.ID, len(a.Segments), len(b.Segments))
	}
	for n := range a.Segments {
		if a.Segments[n] != b.Segments[n] {
			return fmt.Errorf("%w: segment %d of track %d is %+v, and %+v", ErrDiffers, n, a.ID, a.Segments[n], b.Segments[n])
		}
	}
	return nil
}

// side is one of two files that are compared.
type side struct {
	Presented

	runs    *runReader
	samples []Sample
}

func (s *side) read(track, segment int) (err error) {
	s.samples, err = s.Index.Samples(s.samples[:0], nil, track, segment)
	return err
}

type comparison struct{ a, b side }

// all compares the samples of all segments, as they lie in the rewritten file.
func (c *comparison) all() error {
	rw := &rewriter{ctx: c.a.runs.ctx, ix: c.a.Index}
	if err := rw.plan(); err != nil {
		return err
	}
	for _, o := range rw.order {
		if err := c.segment(o.track, o.segment); err != nil {
			return err
		}
	}
	for i := range c.a.Index.Texts {
		if err := c.text(i); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) segment(track, n int) error {
	if err := c.a.read(track, n); err != nil {
		return err
	}
	if err := c.b.read(track, n); err != nil {
		return err
	}
	next := int64(-1)
	for i := range c.a.samples {
		x, y := c.a.samples[i], c.b.samples[i]
		if next >= 0 && y.Offset != next {
			return fmt.Errorf("%w: segment %d of track %d does not lie in one run", ErrDiffers, n, c.a.Index.Tracks[track].ID)
		}
		next = y.Offset + int64(y.Size)
		at := y.Offset
		if y.Offset = x.Offset; x != y {
			return fmt.Errorf("%w: sample %d of segment %d of track %d is %+v, and %+v", ErrDiffers, i, n, c.a.Index.Tracks[track].ID, x, y)
		}
		same := c.b.Index.Tracks[track].Prefix.Size == 0
		for _, part := range parts(c.a.Index.Tracks[track], &x) {
			alike, err := c.bytes(part.Offset, at, int64(part.Size))
			if err != nil {
				return fmt.Errorf("reading segment %d of track %d: %w", n, c.a.Index.Tracks[track].ID, err)
			}
			same, at = same && alike, at+int64(part.Size)
		}
		if !same {
			return fmt.Errorf("%w: the bytes of sample %d of segment %d of track %d", ErrDiffers, i, n, c.a.Index.Tracks[track].ID)
		}
	}
	return nil
}

// bytes compares n bytes of both.
func (c *comparison) bytes(a, b, n int64) (bool, error) {
	for n > 0 {
		x, err := c.a.runs.at(a, n)
		if err != nil {
			return false, err
		}
		y, err := c.b.runs.at(b, int64(len(x)))
		if err != nil {
			return false, err
		}
		if !bytes.Equal(x[:len(y)], y) {
			return false, nil
		}
		k := int64(len(y))
		a, b, n = a+k, b+k, n-k
	}
	return true, nil
}
