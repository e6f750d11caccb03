// Package matroska holds how media reads Matroska against at-wat/ebml-go: what
// comes out has to be the same, at less of everything.
package matroska

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/at-wat/ebml-go"
	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

// film has ffmpeg make a file, a minute of H.264 with B-frames and AAC, and
// mkvmerge, where it is there and laces are wanted, write it again.
func film(t testing.TB, sound string, laces bool) []byte {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "film.mkv")
	line := "-v error -nostdin -f lavfi -i testsrc2=s=320x180:r=25:d=60 -f lavfi -i sine=d=60 -c:v libx264 -preset ultrafast -bf 3 -c:a " + sound + " " + path
	tool(t, "ffmpeg", strings.Fields(line)...)
	if laces {
		again := filepath.Join(dir, "again.mkv")
		tool(t, "mkvmerge", "-q", "-o", again, path)
		path = again
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func tool(t testing.TB, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed; `apt-get install ffmpeg mkvtoolnix` brings it", name)
	}
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// document is what ebml-go is asked for: the blocks.
type document struct {
	Segment struct {
		Cluster []struct {
			Timecode    uint64       `ebml:"Timecode"`
			SimpleBlock []ebml.Block `ebml:"SimpleBlock"`
			BlockGroup  []struct {
				Block ebml.Block `ebml:"Block"`
			} `ebml:"BlockGroup"`
		} `ebml:"Cluster"`
	} `ebml:"Segment"`
}

func decode(t testing.TB, file []byte) *document {
	t.Helper()
	var d document
	if err := ebml.Unmarshal(bytes.NewReader(file), &d, ebml.WithIgnoreUnknown(true)); err != nil {
		t.Fatal(err)
	}
	return &d
}

func parse(t testing.TB, file []byte) *media.Index {
	t.Helper()
	ix, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// TestFramesAreThoseOfThePeer compares every frame of both readers, laced ones
// too: its bytes, and whether it is a sync sample. In which order they come the
// peer tells of SimpleBlocks alone; package hls compares that with ffprobe.
func TestFramesAreThoseOfThePeer(t *testing.T) {
	for _, c := range []struct {
		sound string
		laces bool
	}{{"aac", false}, {"aac", true}, {"libmp3lame", true}, {"libopus", true}} {
		t.Run(fmt.Sprintf("%s, laces %t", c.sound, c.laces), func(t *testing.T) {
			file := film(t, c.sound, c.laces)
			ix, laced := parse(t, file), 0
			want, got := map[int][]string{}, map[int][]string{}
			frames := func(b *ebml.Block, sync bool) {
				for i, frame := range b.Data {
					want[int(b.TrackNumber)] = append(want[int(b.TrackNumber)], fmt.Sprint(sync || b.TrackNumber == 2, string(frame)))
					laced += min(i, 1)
				}
			}
			d := decode(t, file)
			for _, cluster := range d.Segment.Cluster {
				for _, b := range cluster.SimpleBlock {
					frames(&b, b.Keyframe)
				}
				for _, group := range cluster.BlockGroup { // the peer does not tell where among the others
					frames(&group.Block, group.Block.TrackNumber == 2)
				}
			}
			for i, track := range ix.Tracks {
				for k := range track.Segments {
					samples, err := ix.Samples(nil, nil, i, k)
					if err != nil {
						t.Fatal(err)
					}
					for _, s := range samples {
						got[track.ID] = append(got[track.ID], fmt.Sprint(s.Sync, string(file[s.Offset:s.Offset+int64(s.Size)])))
					}
				}
			}
			if len(want[1]) != len(got[1]) || len(want[2]) != len(got[2]) {
				t.Fatalf("%d and %d frames, want %d and %d", len(got[1]), len(got[2]), len(want[1]), len(want[2]))
			}
			for id := range want {
				slices.Sort(want[id])
				slices.Sort(got[id])
			}
			if !cmp.Equal(want, got) {
				t.Error("the frames differ")
			}
			t.Logf("%d pictures, %d packets, %d of them in laces after the first", len(got[1]), len(got[2]), laced)
		})
	}
}

// TestMemoryIsLessThanThePeers compares what is allocated to know the frames.
func TestMemoryIsLessThanThePeers(t *testing.T) {
	file := film(t, "aac", false)
	ours, theirs := allocated(func() { parse(t, file) }), allocated(func() { decode(t, file) })
	t.Logf("%d bytes for a file of %d, the peer %d: %.4f", ours, len(file), theirs, float64(ours)/float64(theirs))
	if ours*4 > theirs {
		t.Errorf("%d bytes, the peer %d", ours, theirs)
	}
}

func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// BenchmarkParse makes an index, and has the peer decode the blocks in the same run.
func BenchmarkParse(b *testing.B) {
	file := film(b, "aac", false)
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		parse(b, file)
		middle := time.Now()
		decode(b, file)
		ours, theirs = ours+middle.Sub(start), theirs+time.Since(middle)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
	b.ReportMetric(float64(ours.Microseconds())/float64(b.N), "µs-ours")
	b.ReportMetric(float64(theirs.Microseconds())/float64(b.N), "µs-ebml-go")
}
