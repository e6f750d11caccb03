package transcode_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// spent is what a way to a ladder costs.
type spent struct {
	cpu, first time.Duration // first is the CPU until something plays
	bytes      int64
}

// BenchmarkLadder makes the ladder of a film of two minutes in chunks, and by one
// process with a split filter, of the same plan, and says what the one costs in terms
// of the other: CPU of ffmpeg, bytes of all rungs, and the share of the CPU after which
// the first chunk plays. For one worker chunks are as long as those of a film of eight
// minutes are for four.
func BenchmarkLadder(b *testing.B) {
	path := makeFilm(b, "film.mkv", "-f lavfi -i mandelbrot=s=640x360:r=25:end_scale=0.0001:end_pts=3000 -t 120 -c:v mpeg4 -q:v 3 -g 50 -bf 2")
	keys, end := keyFrames(b, path)
	p, err := transcode.Ladder(transcode.Source{Format: "matroska,webm", Duration: end, Video: &transcode.Video{
		Codec: "mpeg4", PixelFormat: "yuv420p", Width: 640, Height: 360, Constant: true, Rate: transcode.Ratio{Num: 25, Den: 1},
	}}, transcode.DefaultProfile())
	if err != nil {
		b.Fatal(err)
	}
	cuts := p.Cuts(end)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			var cpu, bytes, first float64
			chunks := p.Chunks(cuts, keys, end, workers)
			for b.Loop() {
				whole := spend(b, &p, path, p.Chunks(cuts, nil, end, 1))
				parts := spend(b, &p, path, chunks)
				cpu += float64(parts.cpu) / float64(whole.cpu)
				bytes += float64(parts.bytes) / float64(whole.bytes)
				first += float64(parts.first) / float64(parts.cpu)
			}
			b.ReportMetric(cpu/float64(b.N), "cpu/whole")
			b.ReportMetric(bytes/float64(b.N), "bytes/whole")
			b.ReportMetric(first/float64(b.N), "first/all")
			b.ReportMetric(float64(len(chunks)), "chunks")
		})
	}
}

// spend encodes chunks; of several, the first in the smallest rung and then in the rest.
func spend(b *testing.B, p *transcode.Plan, path string, chunks []transcode.Chunk) (s spent) {
	b.Helper()
	for i, c := range chunks {
		steps := [][]transcode.Output{p.Video}
		if i == 0 && len(chunks) > 1 {
			steps = [][]transcode.Output{p.First(), p.Video[1:]}
		}
		for n, rungs := range steps {
			result := ran(b, p.VideoCommand(ffmpeg.Input{Path: path}, c, rungs))
			s.cpu += result.CPU
			if i == 0 && n == 0 {
				s.first = result.CPU
			}
			for _, o := range rungs {
				s.bytes += partOf(b, filepath.Join(result.Dir, o.File())).Size
			}
		}
	}
	return s
}
