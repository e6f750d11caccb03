package media

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// group is a group of pictures of H.264 as its samples' bytes: an IDR picture and
// P pictures after it.
func group(pictures int) string {
	return nal("\x65\x88\x84") + strings.Repeat(nal("\x41\x9a\x00"), pictures-1)
}

// pictures are samples of the bytes of n such groups, flagged as flag says of each.
func pictures(n, length int, flag func(i int) bool) testTrack {
	t := testTrack{handler: "vide", timescale: 10, content: strings.Repeat(group(length), n)}
	for i := range n * length {
		t.samples = append(t.samples, testSample{size: 7, duration: 10, delta: !flag(i)})
	}
	return t
}

func syncs(t *testing.T, ix *Index) (at []int) {
	t.Helper()
	for i, s := range presented(t, ix, 0) {
		if s.Sync {
			at = append(at, i)
		}
	}
	return at
}

// A file that says of all pictures that they decode alone, or of none, is not
// believed before its pictures were looked at.
func TestFlagsThatSayTheSameOfAllPicturesAreChecked(t *testing.T) {
	always, never := func(int) bool { return true }, func(int) bool { return false }
	missing := pictures(3, 4, always)
	missing.noSync = true
	silent := pictures(3, 4, never)
	alone := pictures(20, 1, always)
	alone.noSync = true
	opaque := pictures(3, 4, always)
	opaque.noSync, opaque.content = true, strings.Repeat("\x00\x00\x00\x03\x41\x9a\x00", 12)
	later := pictures(3, 4, func(i int) bool { return i%4 == 1 })
	for _, c := range []struct {
		name        string
		track       testTrack
		want        []int
		independent bool
	}{
		{"no list of sync samples", missing, []int{0, 4, 8}, true},
		{"an empty list", silent, []int{0, 4, 8}, true},
		{"every picture decodes alone", alone, upTo(20), true},
		{"pictures of which none decodes alone are as the file says", opaque, upTo(12), true},
		{"flags that tell pictures apart are believed", later, []int{1, 5, 9}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ix := parse(t, progressive(c.track))
			if diff := cmp.Diff(c.want, syncs(t, ix)); diff != "" {
				t.Error(diff)
			}
			if ix.Tracks[0].Independent != c.independent {
				t.Errorf("Independent is %t", ix.Tracks[0].Independent)
			}
		})
	}
}

func upTo(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

// Segments begin where a picture decodes alone, also where the file does not say
// which do.
func TestSegmentsOfAFileWithoutFlagsBeginWithPicturesThatDecodeAlone(t *testing.T) {
	track := pictures(6, 5, func(int) bool { return true }) // groups of 5 seconds
	track.noSync = true
	ix := parse(t, progressive(track))
	var counts []int
	for _, s := range ix.Tracks[0].Segments {
		counts = append(counts, s.Samples)
	}
	if want := []int{5, 5, 5, 5, 5, 5}; !slices.Equal(counts, want) {
		t.Errorf("segments of %v pictures, want %v", counts, want)
	}
}

// xHE-AAC has packets that decode alone and others; of any other sound every
// packet is one to begin at, whatever its flags say.
func TestSegmentsOfXHEAACBeginAtSyncSamples(t *testing.T) {
	packets := func(entry []byte) testTrack {
		track := testTrack{handler: "soun", timescale: 1, entry: entry}
		for i := range 40 {
			track.samples = append(track.samples, testSample{size: 1, duration: 1, delta: i%10 != 0})
		}
		return track
	}
	_, body := sound("mp4a", 0, nil, esdsBox(0x40, "f9 46 40"))
	ix := parse(t, progressive(packets(makeBox("mp4a", body))))
	var starts []int64
	for _, s := range ix.Tracks[0].Segments {
		starts = append(starts, s.Start)
	}
	if diff := cmp.Diff([]int64{0, 10, 20, 30}, starts); diff != "" || ix.Tracks[0].Codec != "mp4a.40.42" {
		t.Errorf("%s: %s", ix.Tracks[0].Codec, diff)
	}
	ix = parse(t, progressive(packets(nil)))
	if len(ix.Tracks[0].Segments) != 7 || ix.Tracks[0].Layout.Flags {
		t.Errorf("%d segments of AAC, flags %t", len(ix.Tracks[0].Segments), ix.Tracks[0].Layout.Flags)
	}
}
