package media_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/playcheck"
	"github.com/streamgate/streamgate/media"
)

const (
	testPictures = "-f lavfi -i testsrc2=s=96x64:r=25:d=21"
	testSound    = "-f lavfi -i sine=f=330:r=48000:d=21"
	testH264     = "-c:v libx264 -preset ultrafast -bf 2 "
	testAAC      = "-c:a aac -b:a 48k "
)

// growingFiles are files of every shape that plays before it is whole.
var growingFiles = []struct {
	name, args string
	whole      bool // all segments are known from the beginning
	grows      int  // how many segments come before the end, at least
}{
	{"moov first", testPictures + " " + testSound + " " + testH264 + "-g 50 " + testAAC + "-movflags +faststart", true, 3},
	{"moov first, interleaved by seconds", testPictures + " " + testSound + " " + testH264 + "-g 50 " + testAAC + "-movflags +faststart -min_frag_duration 1000000", true, 3},
	{"a fragment for each GOP", testPictures + " " + testSound + " " + testH264 + "-g 50 " + testAAC + "-movflags +frag_keyframe+empty_moov+default_base_moof", false, 3},
	{"a fragment for each second", testPictures + " " + testSound + " " + testH264 + "-g 75 " + testAAC + "-movflags +empty_moov+default_base_moof -frag_duration 1000000", false, 3},
	{"a fragment for each frame", testPictures + " " + testSound + " " + testH264 + "-g 50 " + testAAC + "-movflags +frag_every_frame+empty_moov+default_base_moof", false, 3},
	{"edits before fragments", testPictures + " " + testSound + " " + testH264 + "-g 50 " + testAAC + "-movflags +frag_keyframe+delay_moov+default_base_moof", false, 3},
	{"negative composition offsets", testPictures + " " + testSound + " " + testH264 + "-g 50 " + testAAC + "-movflags +frag_keyframe+empty_moov+negative_cts_offsets+default_base_moof", false, 3},
	{"CMAF", testPictures + " " + testSound + " " + testH264 + "-g 48 " + testAAC + "-movflags +cmaf+frag_keyframe+empty_moov", false, 3},
	{"open GOPs", testPictures + " " + testSound + " -c:v libx264 -preset veryfast -x264opts keyint=40:open-gop=1:bframes=3 " + testAAC + "-movflags +frag_keyframe+empty_moov", false, 3},
	{"one GOP", testPictures + " " + testSound + " " + testH264 + "-g 9999 " + testAAC + "-movflags +empty_moov -frag_duration 500000", false, 0}, // nobody knows how long it gets
	{"the first GOP is short, others are long", testPictures + " " + testSound + " " + testH264 + "-g 9999 -force_key_frames 0,1,7,20.5 " + testAAC + "-movflags +empty_moov -frag_duration 500000", false, 3},
	{"sound alone", testSound + " " + testAAC + "-movflags +empty_moov -frag_duration 700000", false, 3},
	{"sound that goes on", "-f lavfi -i testsrc2=s=96x64:r=25:d=11 " + testSound + " " + testH264 + "-g 50 " + testAAC + "-movflags +frag_keyframe+empty_moov", false, 2},
	{"picture that goes on", testPictures + " -f lavfi -i sine=d=9 " + testH264 + "-g 50 " + testAAC + "-movflags +frag_keyframe+empty_moov", false, 3},
	{"picture alone, with varying times", testPictures + " -vf select='not(mod(n\\,7))+lt(mod(n\\,11)\\,5)' -fps_mode vfr " + testH264 + "-g 30 -movflags +frag_keyframe+empty_moov", false, 3},
	{"two languages", testPictures + " " + testSound + " " + testSound + " -map 0 -map 1 -map 2 " + testH264 + "-g 50 " + testAAC + "-movflags +frag_keyframe+empty_moov", false, 3},
}

func makeGrowing(t testing.TB, args string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.mp4")
	line := append([]string{"-v", "error", "-nostdin", "-y", "-threads", "1"}, strings.Fields(args)...)
	line = append(line, out)
	if text, err := exec.Command("ffmpeg", line...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", args, err, text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestTheBeginningOfAFileGivesTheBeginningOfItsIndex cuts files off at the
// beginning and the end of every box, and between.
func TestTheBeginningOfAFileGivesTheBeginningOfItsIndex(t *testing.T) {
	playcheck.Require(t)
	for i, c := range growingFiles {
		if testing.Short() && i%5 != 0 {
			t.Attr("short", "every fifth file")
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := makeGrowing(t, c.args)
			final, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
			if err != nil {
				t.Fatal(err)
			}
			decodedFromWhenTheyShow(t, final)
			before := make([]int, len(final.Tracks))
			first, grew := int64(0), 0
			for _, have := range cutPoints(file) {
				ix, whole := beginning(t, file, have, final)
				if ix == nil {
					if first > 0 {
						t.Fatalf("with %d bytes nothing plays, and with %d something did", have, first)
					}
					continue
				}
				if first == 0 {
					first = have
				}
				if whole != c.whole {
					t.Errorf("with %d bytes all segments are known: %v", have, whole)
				}
				for i, track := range ix.Tracks {
					if len(track.Segments) < before[i] {
						t.Fatalf("with %d bytes track %d has %d segments, and had %d", have, i, len(track.Segments), before[i])
					}
					if len(track.Segments) > before[i] {
						grew++
					}
					before[i] = len(track.Segments)
				}
			}
			if c.grows > 0 && (first == 0 || first > int64(len(file))*2/3) {
				t.Errorf("it plays from byte %d of %d on", first, len(file))
			}
			if grew < c.grows {
				t.Errorf("it grew %d times", grew)
			}
			t.Logf("%d bytes, plays from %d on, %v of %v segments before the end", len(file), first, before, segmentsOf(final))
		})
	}
}

// decodedFromWhenTheyShow says which segments that begin with a sync sample are
// decoded from another moment than they show from, give or take two milliseconds.
func decodedFromWhenTheyShow(t *testing.T, ix *media.Index) {
	t.Helper()
	for i, track := range ix.Tracks {
		for n, s := range track.Segments {
			first, err := ix.First(nil, i, n)
			if err != nil {
				t.Fatal(err)
			}
			late := float64(s.Start+int64(track.Origin)-int64(s.Decode)) / float64(track.Timescale)
			if first.Sync && (late < 0 || late > 0.002) {
				t.Errorf("segment %d of track %d is decoded %.3f s before it shows", n, i, late)
			}
		}
	}
}

func segmentsOf(ix *media.Index) (n []int) {
	for _, t := range ix.Tracks {
		n = append(n, len(t.Segments))
	}
	return n
}

// beginning is what plays of the first have bytes of file, compared with the index
// of the whole. The rest is not there to be read.
func beginning(t *testing.T, file []byte, have int64, final *media.Index) (_ *media.Index, whole bool) {
	t.Helper()
	g, err := media.ParseGrowing(t.Context(), bytes.NewReader(file[:have]), have, int64(len(file)), nil)
	if errors.Is(err, media.ErrMore) {
		return nil, false
	}
	if err != nil {
		t.Fatalf("with %d bytes: %v", have, err)
	}
	ix := g.Index(have)
	if ix == nil {
		return nil, g.Complete()
	}
	if got, want := g.Known().Revision("id"), final.Revision("id"); got != want {
		t.Fatalf("with %d bytes its revision is %s, not %s", have, got, want)
	}
	compareBeginning(t, ix, final, have)
	return ix, g.Complete()
}

func compareBeginning(t *testing.T, ix, final *media.Index, have int64) {
	t.Helper()
	if ix.Bound != final.Bound {
		t.Fatalf("with %d bytes segments last up to %d s, not %d", have, ix.Bound, final.Bound)
	}
	for i, track := range ix.Tracks {
		want := final.Tracks[i]
		n := len(track.Segments)
		if n > len(want.Segments) {
			t.Fatalf("with %d bytes track %d has %d segments, and at the end %d", have, i, n, len(want.Segments))
		}
		if d := cmp.Diff(want.Segments[:n], track.Segments); d != "" {
			t.Fatalf("with %d bytes the segments of track %d are others (-final +got):\n%s", have, i, d)
		}
		if track.Layout != want.Layout || track.Origin != want.Origin || track.Timescale != want.Timescale || !cmp.Equal(track.Entries, want.Entries) {
			t.Fatalf("with %d bytes track %d is described otherwise", have, i)
		}
		compareSamples(t, ix, final, i, n-1, have)
		compareSamples(t, ix, final, i, n/2, have)
	}
}

func compareSamples(t *testing.T, ix, final *media.Index, track, segment int, have int64) {
	t.Helper()
	got, err := ix.Samples(nil, nil, track, segment)
	if err != nil {
		t.Fatal(err)
	}
	want, err := final.Samples(nil, nil, track, segment)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("with %d bytes the samples of segment %d of track %d are others:\n%s", have, segment, track, d)
	}
	for _, s := range got {
		if s.Offset+int64(s.Size) > have {
			t.Fatalf("with %d bytes a sample ends at byte %d", have, s.Offset+int64(s.Size))
		}
	}
}

// cutPoints are the ends of the top-level boxes, a byte to both sides of them,
// the ends of their headers, and some places between.
func cutPoints(file []byte) []int64 {
	var points []int64
	var boxes []int64
	for off := int64(0); off+8 <= int64(len(file)); {
		boxes = append(boxes, off)
		size := int64(binary.BigEndian.Uint32(file[off:]))
		if size == 1 {
			size = int64(binary.BigEndian.Uint64(file[off+8:]))
		}
		off += size
	}
	for _, off := range boxes {
		if len(boxes) < 400 || off%13 == 0 {
			points = append(points, off-1, off, off+1, off+8)
		}
	}
	for off := int64(0); off < int64(len(file)); off += max(int64(len(file))/97, 1) {
		points = append(points, off)
	}
	points = append(points, int64(len(file))-1, int64(len(file)))
	slices.Sort(points)
	points = slices.DeleteFunc(points, func(p int64) bool { return p < 0 || p > int64(len(file)) })
	return slices.Compact(points)
}

func TestWhatPlaysOnlyOnceItIsWhole(t *testing.T) {
	playcheck.Require(t)
	for _, c := range []struct {
		name, args, ext string
		want            error
	}{
		{"moov last", testPictures + " " + testH264, "", media.ErrWhole},
		{"Matroska", testPictures + " " + testH264 + "-f matroska", "", media.ErrWhole},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := makeGrowing(t, c.args)
			have := int64(len(file)) * 3 / 4
			for _, size := range []int64{int64(len(file)), -1} {
				if _, err := media.ParseGrowing(t.Context(), bytes.NewReader(file[:have]), have, size, nil); !errors.Is(err, c.want) {
					t.Errorf("with a size of %d: %v, want %v", size, err, c.want)
				}
			}
		})
	}
}

func TestASizeThatIsNotKnownMakesNoDifference(t *testing.T) {
	playcheck.Require(t)
	for _, c := range growingFiles[:3] {
		file := makeGrowing(t, c.args)
		have := int64(len(file)) * 3 / 4
		var got []*media.Index
		for _, size := range []int64{int64(len(file)), -1} {
			g, err := media.ParseGrowing(context.Background(), bytes.NewReader(file[:have]), have, size, nil)
			if err != nil {
				t.Fatal(err)
			}
			ix := g.Index(have)
			got = append(got, ix)
		}
		if d := cmp.Diff(got[0].Tracks, got[1].Tracks); d != "" {
			t.Errorf("%s:\n%s", c.name, d)
		}
	}
}

// TestTheBeginningsOfRealFiles does the same with the corpus. A file may turn out
// to be another presentation than its beginning said; what plays is never wrong.
func TestTheBeginningsOfRealFiles(t *testing.T) {
	early, others := 0, 0
	for _, name := range corpusFiles(t) {
		if info, err := os.Stat(name); err != nil || info.Size() > 40<<20 {
			continue
		}
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		final, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
		if err != nil {
			continue
		}
		plays := false
		for n := range 24 {
			have := int64(len(file)) * int64(n+1) / 25
			g, err := media.ParseGrowing(t.Context(), bytes.NewReader(file[:have]), have, int64(len(file)), nil)
			if err != nil {
				continue
			}
			if ix := g.Index(have); ix != nil {
				plays = true
				if g.Known().Revision("") != final.Revision("") {
					others++
					t.Logf("%s: with %d bytes of %d it seems to be another presentation", filepath.Base(name), have, len(file))
					continue
				}
				compareBeginning(t, ix, final, have)
			}
		}
		if plays {
			early++
		}
	}
	t.Logf("%d files play before they are whole", early)
	if others > 0 {
		t.Errorf("%d beginnings were taken for another presentation", others)
	}
}

// Pictures that show long after they are decoded are decoded in groups that are as
// long: what is published of one holds all the same.
func TestAGroupThatIsNotAllThereIsNotPublished(t *testing.T) {
	playcheck.Require(t)
	file := makeGrowing(t, "-f lavfi -i testsrc2=s=96x64:r=5:d=80 "+testH264+"-g 5 -movflags +frag_keyframe+empty_moov+default_base_moof")
	showLater(file, 15*10240)
	final, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for _, have := range cutPoints(file) {
		if ix, _ := beginning(t, file, have, final); ix != nil {
			most = max(most, len(ix.Tracks[0].Segments))
		}
	}
	if n := len(final.Tracks[0].Segments); most == 0 || n < 10 {
		t.Errorf("%d segments of %d before the end", most, n)
	}
}

// showLater raises the composition offsets of a file in fragments.
func showLater(file []byte, by uint32) {
	for at := bytes.Index(file, []byte("moof")); ; {
		next := bytes.Index(file[at:], []byte("trun"))
		if next < 0 {
			return
		}
		at += next + 4
		flags := binary.BigEndian.Uint32(file[at:])
		field := at + 8 + 4*bits.OnesCount32(flags&5)
		for range binary.BigEndian.Uint32(file[at+4:]) {
			field += 4 * bits.OnesCount32(flags&0xf00)
			binary.BigEndian.PutUint32(file[field-4:], binary.BigEndian.Uint32(file[field-4:])+by)
		}
	}
}
