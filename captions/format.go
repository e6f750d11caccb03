package captions

import "strconv"

// Header begins a WebVTT file; a line break and an empty line follow it.
const Header = "WEBVTT"

// Format writes cues as a WebVTT file in UTF-8, each with its number as its
// identifier. Parse reads it as the same cues.
func Format(cues []Cue) []byte {
	size := len(Header) + 1
	for i := range cues {
		size += cueSize(&cues[i])
	}
	b := append(make([]byte, 0, size), Header+"\n"...)
	for i := range cues {
		b = Append(b, i+1, &cues[i])
	}
	return b
}

// Append appends a cue with an identifier, after an empty line.
func Append(dst []byte, number int, c *Cue) []byte {
	dst = append(dst, '\n')
	dst = strconv.AppendInt(dst, int64(number), 10)
	dst = AppendTime(append(dst, '\n'), c.Start)
	dst = AppendTime(append(dst, " --> "...), c.End)
	if c.Settings != "" {
		dst = append(append(dst, ' '), c.Settings...)
	}
	dst = append(append(dst, '\n'), c.Text...)
	return append(dst, '\n')
}

// cueSize is about how long Append makes it, in bytes.
func cueSize(c *Cue) int {
	return len("\n123456\n000:00:00.000 --> 000:00:00.000 \n\n") + len(c.Settings) + len(c.Text)
}
