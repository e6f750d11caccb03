package transcode

import "strconv"

// TextCommand makes a WebVTT file of a stream of subtitles.
func (p *Plan) TextCommand(t Text, file string) Command {
	return Command{
		Lasts:  p.source.Duration,
		Input:  append(timed(), "-vn", "-an", "-dn"),
		Output: []string{"-map", streamOf(t.Stream), "-c:s", "webvtt", "-map_metadata", "-1", "-f", "webvtt", file},
		Files:  []string{file},
	}
}

// PosterCommand makes a picture of the film, as JPEG: of a hundred frames from a tenth
// of it on the one that is most like the others, which is none of a title or a fade.
func (p *Plan) PosterCommand(file string) Command {
	width, height := p.still(maxPoster)
	return Command{
		Input: seekTo(p.source.Duration.Seconds() / 10),
		Output: append([]string{"-map", streamOf(p.source.Video.Stream)}, append(p.pictures("thumbnail=n=100", width, height),
			"-frames:v", "1", "-q:v", "3", "-map_metadata", "-1", "-f", "image2", "-update", "1", file)...),
		Files: []string{file},
	}
}

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
