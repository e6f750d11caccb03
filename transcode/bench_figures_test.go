package transcode_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// TestTranscodeFigures prints what transcoding costs, each figure beside what it is
// aimed at: make bench-transcode. Nothing is asserted: figures depend on what else a
// machine does. With STREAMGATE_FIGURES=short films are short, so that it can be tried.
func TestTranscodeFigures(t *testing.T) {
	if os.Getenv("STREAMGATE_FIGURES") == "" {
		t.Skip("figures take minutes and a quiet machine: make bench-transcode")
	}
	runner(t)
	f := &figures{short: os.Getenv("STREAMGATE_FIGURES") == "short"}
	for _, part := range []struct {
		name    string
		measure func()
	}{{"jobs", f.jobs}, {"remux", f.remux}, {"quality", f.quality}, {"ladder", f.ladders}, {"playable", f.playable}} {
		t.Run(part.name, func(t *testing.T) {
			f.t = t
			began := time.Now()
			part.measure()
			t.Logf("that took %v", time.Since(began).Round(time.Second))
		})
	}
	t.Logf("\n%-66s %12s %12s %8s %8s\n%s", "", "ours", "beside", "ratio", "aim", f.table.String())
}

type figures struct {
	t     *testing.T
	short bool
	table strings.Builder
}

// ratio adds a line with what is compared.
func (f *figures) ratio(name, unit string, ours, theirs, ratio, aim float64) {
	fmt.Fprintf(&f.table, "%-66s %9.2f %-2s %9.2f %-2s %8.3f ≤ %6.3f\n", name, ours, unit, theirs, unit, ratio, aim)
}

// alone adds a line with what stands for itself; sign is ≤ or ≥.
func (f *figures) alone(name, unit string, ours float64, sign string, aim float64) {
	fmt.Fprintf(&f.table, "%-66s %9.3f %-2s %12s %8s %s %6.3f\n", name, ours, unit, "", "", sign, aim)
}

// note adds a line of words.
func (f *figures) note(format string, args ...any) {
	fmt.Fprintf(&f.table, "  "+format+"\n", args...)
}

// of is the first of two where films are to be long, else the second.
func of[T any](f *figures, long, short T) T {
	if f.short {
		return short
	}
	return long
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// spent is what a way to a ladder costs: in seconds, and bytes of all rungs. first is
// the CPU until the first chunk is there in the smallest rung.
type spent struct{ cpu, wall, bytes, first float64 }

// twoCores are the threads that each process gets.
const twoCores = 2

// ladders has a film of 720 lines, and a small one: each process takes 0.06 s of CPU to
// begin, which is little of what a chunk of the first takes.
func (f *figures) ladders() {
	f.ladder(640, 360, of(f, 3, 1))
	if !f.short {
		f.ladder(1280, 720, 3)
	}
}

// ladder makes the ladder of a film of two minutes in chunks, and by one process with
// a split filter, of the same plan, in turn. Both have as many threads as two cores,
// and chunks are made one after the other, as a worker on two cores does. Chunks are
// as long as those of a film of eight minutes are for four workers.
func (f *figures) ladder(width, height, rounds int) {
	seconds := of(f, 120, 50)
	path := makeFilm(f.t, fmt.Sprintf("film%d.mkv", height), fmt.Sprintf("-f lavfi -i mandelbrot=s=%dx%d:r=25:end_scale=0.0001:end_pts=3000 -t %d -c:v mpeg4 -q:v 3 -g 50 -bf 2", width, height, seconds))
	keys, end := keyFrames(f.t, path)
	p, err := transcode.Ladder(transcode.Source{Format: "matroska,webm", Duration: end, Video: &transcode.Video{
		Codec: "mpeg4", PixelFormat: "yuv420p", Width: width, Height: height, Constant: true, Rate: transcode.Ratio{Num: 25, Den: 1},
	}}, transcode.DefaultProfile())
	if err != nil {
		f.t.Fatal(err)
	}
	cuts := p.Cuts(end)
	chunks := p.Chunks(cuts, keys, end, 1)
	var ours, theirs, ratios [3][]float64
	var first []float64
	for round := range rounds {
		var parts, whole spent
		make1 := func() { parts = f.spend(&p, path, chunks) }
		make2 := func() { whole = f.spend(&p, path, p.Chunks(cuts, nil, end, 1)) }
		if round%2 == 0 {
			make1, make2 = make2, make1
		}
		make1()
		make2()
		a, b := []float64{parts.cpu, parts.wall, parts.bytes}, []float64{whole.cpu, whole.wall, whole.bytes}
		for i := range a {
			ours[i], theirs[i], ratios[i] = append(ours[i], a[i]), append(theirs[i], b[i]), append(ratios[i], a[i]/b[i])
		}
		first = append(first, parts.first/parts.cpu)
	}
	for i, line := range []struct {
		name, unit string
		per, aim   float64
	}{{"CPU of ffmpeg", "s", 1, 1.05}, {"time, on two cores", "s", 1, 1.10}, {"bytes of all rungs", "MB", 1e6, 1.03}} {
		name := fmt.Sprintf("a ladder of %dp in %d chunks, beside one process: %s", height, len(chunks), line.name)
		f.ratio(name, line.unit, median(ours[i])/line.per, median(theirs[i])/line.per, median(ratios[i]), line.aim)
	}
	f.note("of the CPU of its chunks %.1f percent go by until the first is there", 100*median(first))
}

// spend encodes chunks; of several, the first in the smallest rung and then in the rest.
func (f *figures) spend(p *transcode.Plan, path string, chunks []transcode.Chunk) (s spent) {
	for i, c := range chunks {
		steps := [][]transcode.Output{p.Video}
		if i == 0 && len(chunks) > 1 {
			steps = [][]transcode.Output{p.First(), p.Video[1:]}
		}
		for n, rungs := range steps {
			cmd := p.VideoCommand(ffmpeg.Input{Path: path}, c, rungs)
			cmd.Threads = twoCores
			result := ran(f.t, cmd)
			s.cpu, s.wall = s.cpu+result.CPU.Seconds(), s.wall+result.Elapsed.Seconds()
			if i == 0 && n == 0 {
				s.first = result.CPU.Seconds()
			}
			for _, o := range rungs {
				info, err := os.Stat(filepath.Join(result.Dir, o.File()))
				if err != nil {
					f.t.Fatal(err)
				}
				s.bytes += float64(info.Size())
			}
			if err := result.Close(); err != nil {
				f.t.Fatal(err)
			}
		}
	}
	return s
}
