package media_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/streamgate/streamgate/media"
)

// FuzzGrowingRendition cuts off two files in fragments, of which one is to be a rendition
// of the other: what plays of it is the beginning of what plays of the whole, or another
// presentation; and it has no more segments than are known of the other.
func FuzzGrowingRendition(f *testing.F) {
	steady := bytes.Repeat([]byte{0xf0, 0xff, 64, 0, 64, 1, 64, 2, 64, 3, 64, 0, 64, 1, 64, 1, 64, 1, 64, 0, 64, 1, 64, 5, 64, 1, 64, 0, 64, 1, 64, 1, 64, 1}, 30)
	f.Add(leading, leading, uint32(7000), uint32(5000), false)
	f.Add(append([]byte{1}, steady...), append([]byte{1}, steady...), uint32(20000), uint32(15000), false)
	f.Add(append([]byte{1}, steady...), append([]byte{1}, steady...), uint32(15000), uint32(29000), false)
	f.Add(leading, append(slices.Clone(leading), steady...), uint32(9000), uint32(9000), false)
	f.Add(fragmented(nil), fragmented(nil), uint32(6000), uint32(6000), true)
	f.Fuzz(func(t *testing.T, source, rung []byte, there, have uint32, raw bool) {
		if !raw {
			source, rung = recorded(source), recorded(rung)
		}
		o := &media.Options{Cut: media.Cut{Target: 1}}
		head := source[:min(int64(there), int64(len(source)))]
		known, err := media.ParseGrowing(t.Context(), bytes.NewReader(head), int64(len(head)), -1, o)
		if err != nil {
			return
		}
		part := rung[:min(int64(have), int64(len(rung)))]
		g, err := media.ParseGrowing(t.Context(), bytes.NewReader(part), int64(len(part)), -1, &media.Options{RenditionOf: known.Known()})
		if err != nil {
			return
		}
		ix := g.Index(int64(len(part)))
		if ix == nil {
			return
		}
		if len(ix.Tracks) != 1 || len(ix.Tracks[0].Segments) > len(videoOf(known.Known()).Segments) {
			t.Fatalf("%d tracks, %d segments of %d that are known", len(ix.Tracks), len(ix.Tracks[0].Segments), len(videoOf(known.Known()).Segments))
		}
		final, err := media.Parse(t.Context(), bytes.NewReader(source), int64(len(source)), o)
		if err != nil || final.Revision("") != known.Known().Revision("") {
			return
		}
		want, err := media.Parse(t.Context(), bytes.NewReader(rung), int64(len(rung)), &media.Options{RenditionOf: final})
		if err == nil && want.Revision("") == g.Known().Revision("") {
			compareBeginning(t, ix, want, int64(len(part)))
		}
	})
}
