package media

import (
	"fmt"
	"math"
	"reflect"
)

// compareTexts compares what the tracks of subtitles are.
func compareTexts(a, b []*Text) error {
	if len(a) != len(b) {
		return fmt.Errorf("%w: %d tracks of subtitles, and %d", ErrDiffers, len(a), len(b))
	}
	for i := range a {
		x, y := *a[i], *b[i]
		for _, t := range []*Text{&x, &y} {
			t.pages, t.handler, t.entry = nil, "", nil
			if len(t.Characteristics) == 0 {
				t.Characteristics = nil
			}
			if len(t.Packing.Prefix) == 0 {
				t.Packing.Prefix = nil
			}
		}
		if !reflect.DeepEqual(x, y) {
			return fmt.Errorf("%w: text track %d is %+v, and %+v", ErrDiffers, x.ID, x, y)
		}
	}
	return nil
}

// text compares the samples of a track of subtitles.
func (c *comparison) text(at int) error {
	var lists [2][]TextSample
	for i, s := range []*side{&c.a, &c.b} {
		var err error
		if lists[i], err = s.Index.TextSamples(nil, nil, at, math.MinInt64, math.MaxInt64); err != nil {
			return err
		}
	}
	id := c.a.Index.Texts[at].ID
	if len(lists[0]) != len(lists[1]) {
		return fmt.Errorf("%w: text track %d has %d samples, and %d", ErrDiffers, id, len(lists[0]), len(lists[1]))
	}
	next := int64(-1)
	for i := range lists[0] {
		x, y := lists[0][i], lists[1][i]
		if next >= 0 && y.Offset != next {
			return fmt.Errorf("%w: text track %d does not lie in one run", ErrDiffers, id)
		}
		next = y.Offset + int64(y.Size)
		place := y.Offset
		if y.Offset = x.Offset; x != y {
			return fmt.Errorf("%w: sample %d of text track %d is %+v, and %+v", ErrDiffers, x.Number, id, x, y)
		}
		same, err := c.bytes(x.Offset, place, int64(x.Size))
		if err != nil {
			return fmt.Errorf("reading sample %d of text track %d: %w", x.Number, id, err)
		}
		if !same {
			return fmt.Errorf("%w: the bytes of sample %d of text track %d", ErrDiffers, x.Number, id)
		}
	}
	return nil
}
