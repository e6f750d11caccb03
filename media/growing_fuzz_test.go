package media_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/streamgate/streamgate/media"
)

// recorded makes of a recipe a file in fragments: each has one to sixteen samples
// of each track, with durations, offsets, sync samples and gaps as the recipe says.
func recorded(recipe []byte) []byte {
	m := movie{fragmented: true, do: map[string]func([]byte) []byte{}}
	if len(recipe) > 0 && recipe[0]&1 != 0 { // no edits
		m.do["moov/trak/edts"] = func([]byte) []byte { return nil }
		recipe = recipe[1:]
	}
	file := slices.Concat(m.box("", "ftyp", []byte("isom"), words(0x200), []byte("isomiso5mp42")), m.moov(0))
	file = append(file, box("free", make([]byte, media.SniffLen))...)
	var decode [2]uint64
	for number := uint32(1); len(recipe) >= 2 && number < 200; number++ {
		var trafs [2][]byte
		var data []byte
		what := recipe[0]
		for track := range trafs {
			n := min(int(recipe[1]>>(4*track)&15)+1, (len(recipe)-2)/2)
			var run []byte
			size := 0
			for i := range max(n, 0) {
				duration, flags := uint32(recipe[2+2*i])*8, uint32(0)
				if recipe[3+2*i]&3 != 0 {
					flags = 0x01010000
				}
				shift := int32(int8(recipe[3+2*i])) * 16
				run = append(run, words(duration, uint32(1+i), flags, uint32(shift))...)
				decode[track] += uint64(duration)
				size += 1 + i
			}
			if what&15 == 15 { // nobody recorded for a while
				decode[track] += 60000
			}
			trafs[track] = slices.Concat(words(0x201|0x100|0x400|0x800, uint32(max(n, 0)), 0), run)
			data = append(data, make([]byte, size)...)
			start := decode[track]
			for i := range max(n, 0) {
				start -= uint64(recipe[2+2*i]) * 8
			}
			tfdt := box("tfdt", words(1<<24), binary.BigEndian.AppendUint64(nil, start))
			trafs[track] = box("traf", box("tfhd", words(0x020000, uint32(track+1))), tfdt, box("trun", trafs[track]))
		}
		moof := box("moof", box("mfhd", words(0, number)), trafs[0], trafs[1])
		file = slices.Concat(file, moof, box("mdat", data))
		recipe = recipe[min(len(recipe), 2+2*int(what>>4)):]
	}
	return file
}

// leading is a recipe of groups of pictures that begin with one that shows after
// the next: each in a fragment of its own.
var leading = append([]byte{1}, bytes.Repeat(slices.Concat([]byte{0x10, 0, 4, 0x7c, 0x10, 0, 255, 1}, bytes.Repeat([]byte{0x10, 0, 255, 5}, 5)), 6)...)

// TestASegmentEndsOnceItIsCertainWhen cuts a recording at every third byte of the
// headers that come after the picture with which a segment begins.
func TestASegmentEndsOnceItIsCertainWhen(t *testing.T) {
	file := recorded(leading)
	o := &media.Options{Cut: media.Cut{Target: 1}}
	final, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), o)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for have := int64(media.SniffLen); have <= int64(len(file)); have += 3 {
		g, err := media.ParseGrowing(t.Context(), bytes.NewReader(file[:have]), have, int64(len(file)), o)
		if err != nil {
			continue
		}
		if ix := g.Index(have); ix != nil {
			compareBeginning(t, ix, final, have)
			most = len(ix.Tracks[0].Segments)
		}
	}
	if most < 3 || most >= len(final.Tracks[0].Segments) {
		t.Errorf("%d segments of %d before the end", most, len(final.Tracks[0].Segments))
	}
}

// FuzzGrowing cuts off files in fragments and others: what plays of the rest is
// the beginning of what plays of the whole, or another presentation.
func FuzzGrowing(f *testing.F) {
	steady := bytes.Repeat([]byte{0xf0, 0xff, 64, 0, 64, 1, 64, 2, 64, 3, 64, 0, 64, 1, 64, 1, 64, 1, 64, 0, 64, 1, 64, 5, 64, 1, 64, 0, 64, 1, 64, 1, 64, 1}, 30)
	f.Add(steady, uint32(9000), false)
	f.Add(append([]byte{1}, steady...), uint32(7000), false)
	f.Add(leading, uint32(7000), false)
	f.Add(movie{}.build(), uint32(6000), true)
	f.Add(movie{fragmented: true}.build(), uint32(6000), true)
	f.Fuzz(func(t *testing.T, recipe []byte, cut uint32, raw bool) {
		file := recipe
		if !raw {
			file = recorded(recipe)
		}
		have := min(int64(cut), int64(len(file)))
		o := &media.Options{Cut: media.Cut{Target: 1}}
		g, err := media.ParseGrowing(t.Context(), bytes.NewReader(file[:have]), have, int64(len(file)), o)
		if err != nil {
			return
		}
		ix := g.Index(have)
		if ix == nil {
			return
		}
		final, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), o)
		if err == nil && final.Revision("") == g.Known().Revision("") {
			compareBeginning(t, ix, final, have)
		}
	})
}
