package transcode

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

const (
	tileSide  = 160 // pixels, of the long side
	tilesWide = 5
	tilesHigh = 5
	maxTiles  = 1000
	tileEvery = 5 * time.Second // at least
)

// Thumbnails says how the thumbnails of the source are laid out, for
// rendition.SetThumbnails: one in five seconds, and of a long film a thousand.
func (p *Plan) Thumbnails() metadata.Thumbnails {
	width, height := p.source.Video.Display()
	f := float64(tileSide) / float64(max(width, height, 1))
	every := max(tileEvery, (p.source.Duration/maxTiles).Round(time.Second)+time.Second)
	if p.source.Duration < tileEvery*maxTiles {
		every = tileEvery
	}
	return metadata.Thumbnails{
		Columns: tilesWide, Rows: tilesHigh, Width: even(float64(width) * f), Height: even(float64(height) * f),
		Interval: every.Seconds(), Count: max(int(math.Ceil(p.source.Duration.Seconds()/every.Seconds())), 1),
	}
}

// ThumbnailsCommand makes the images of thumbnails, image n called by ThumbnailFile.
// Only key frames are decoded: they are as near to a moment as somebody who seeks can
// tell, and cost a hundredth.
func (p *Plan) ThumbnailsCommand(in ffmpeg.Input, t metadata.Thumbnails) *ffmpeg.Command {
	last := p.source.Duration.Seconds() + t.Interval
	filters := fmt.Sprintf("fps=fps=1/%g:start_time=0:round=up,tpad=stop_mode=clone:stop_duration=%g,trim=end_frame=%d", t.Interval, last, t.Count)
	args := append([]string{"-map", streamOf(p.source.Video.Stream)}, p.pictures(filters, t.Width, t.Height)...)
	args[3] += fmt.Sprintf(",tile=%dx%d", t.Columns, t.Rows)
	args = append(args, "-fps_mode", "passthrough", "-q:v", "4", "-map_metadata", "-1", "-start_number", "0", "-f", "image2")
	return &ffmpeg.Command{
		Inputs: with(in, p.keysAlone()...), Length: p.source.Duration,
		Outputs: []ffmpeg.Output{{Name: "thumbnails-%d.jpg", Args: args}},
	}
}

// keysAlone has key frames decoded and nothing else; of an animation, the first of whose
// pictures is the only one, all.
func (p *Plan) keysAlone() []string {
	if p.source.animated() {
		return nil
	}
	return []string{"-skip_frame", "nokey"}
}

// ThumbnailFile is what ThumbnailsCommand calls image n, from 0.
func ThumbnailFile(n int) string { return fmt.Sprintf("thumbnails-%d.jpg", n) }

// pictures are the filters that make pictures for browsers: SDR, on square pixels, in
// the full range that JPEG has.
func (p *Plan) pictures(choose string, width, height int) []string {
	chain := []string{choose}
	if p.source.animated() {
		chain = append(p.source.Video.flatten(), choose)
	}
	if p.source.Video.Range == PQ || p.source.Video.Range == HLG {
		chain = append(chain, p.toneMap([]Output{{Width: width, Height: height}})...)
	}
	chain = append(chain, fmt.Sprintf("scale=%d:%d:flags=area:out_range=pc", width, height), "setsar=1", "format=yuvj420p")
	return []string{"-vf", strings.Join(chain, ","), "-an", "-sn", "-dn", "-c:v", "mjpeg"}
}
