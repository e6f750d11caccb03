package transcode

import (
	"fmt"
	"strconv"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// TextCommand makes a WebVTT file of a stream of subtitles, called by Text.File.
func (p *Plan) TextCommand(in ffmpeg.Input, t Text) *ffmpeg.Command {
	args := []string{"-map", streamOf(t.Stream), "-c:s", "webvtt", "-map_metadata", "-1", "-f", "webvtt"}
	return &ffmpeg.Command{
		Args: timed(), Inputs: with(in, append(p.begin(), "-vn", "-an", "-dn")...), Length: p.source.Duration,
		Outputs: []ffmpeg.Output{{Name: t.File(), Args: args}},
	}
}

// File is what a command calls the file of a stream of subtitles.
func (t *Text) File() string { return fmt.Sprintf("text-%d.vtt", t.Stream) }

// PosterCommand makes a picture of the film, as JPEG called PosterFile: of a dozen key
// frames from a tenth of it on the one that is most like the others, which is none of a
// title or a fade. Only key frames are decoded, and few are held at a time: a hundred
// of a large picture take more memory than a command has.
func (p *Plan) PosterCommand(in ffmpeg.Input) *ffmpeg.Command {
	return p.posterFrom(in, p.source.Duration.Seconds()/10)
}

// posterFrom is PosterCommand from other key frames on, in seconds.
func (p *Plan) posterFrom(in ffmpeg.Input, seconds float64) *ffmpeg.Command {
	width, height := p.still(maxPoster)
	args := append([]string{"-map", streamOf(p.source.Video.Stream)}, p.pictures("thumbnail=n=12", width, height)...)
	return &ffmpeg.Command{
		Inputs:  with(in, append([]string{"-skip_frame", "nokey", "-noaccurate_seek"}, seekTo(seconds)...)...),
		Outputs: []ffmpeg.Output{{Name: PosterFile, Args: append(args, "-fps_mode", "passthrough", "-frames:v", "1", "-q:v", "3", "-map_metadata", "-1", "-f", "image2", "-update", "1")}},
	}
}

// PosterFile is what PosterCommand calls its file.
const PosterFile = "poster.jpg"

// maxPoster is the short side of a poster, in pixels, at most.
const maxPoster = 720

func seekTo(seconds float64) []string {
	if seconds <= 0 {
		return nil
	}
	return []string{"-ss", strconv.FormatFloat(seconds, 'f', 3, 64)}
}

// still is the size of a picture whose short side is at most limit.
func (p *Plan) still(limit int) (width, height int) {
	width, height = p.source.Video.Display()
	f := min(float64(limit)/float64(max(min(width, height), 1)), 1)
	return even(float64(width) * f), even(float64(height) * f)
}
