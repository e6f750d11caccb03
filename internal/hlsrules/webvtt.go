package hlsrules

import (
	"regexp"
	"strings"
)

// timestampMap is X-TIMESTAMP-MAP of a segment of WebVTT (§3.1.4).
var timestampMap = regexp.MustCompile(`^X-TIMESTAMP-MAP=(LOCAL:` + cueTime + `,MPEGTS:[0-9]{1,10}|MPEGTS:[0-9]{1,10},LOCAL:` + cueTime + `)$`)

const cueTime = `([0-9]{2,}:)?[0-5][0-9]:[0-5][0-9]\.[0-9]{3}`

// webVTT checks a segment of WebVTT, and notes its cues.
func (c *checker) webVTT(m *mediaList, s *segment, data []byte) {
	header, body, _ := strings.Cut(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n\n")
	for line := range strings.Lines(header) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "X-TIMESTAMP-MAP") && !timestampMap.MatchString(line) {
			c.report("webvtt-map", m.at(s.line), "%s: %q", s.text, line)
		}
	}
	if strings.Contains(body, "\nX-TIMESTAMP-MAP=") {
		c.report("webvtt-map", m.at(s.line), "%s has it behind the header", s.text)
	}
	cues := map[string]bool{}
	for block := range strings.SplitSeq(body, "\n\n") {
		if begin, rest, ok := strings.Cut(block, "-->"); ok {
			cues[begin[strings.LastIndexByte(begin, '\n')+1:]+"-->"+strings.TrimRight(rest, "\n")] = true
		}
	}
	if len(m.cues) > 0 && s.discontinue != m.clock { // the same times are others there
		m.cues = nil
	}
	m.cues, m.clock = append(m.cues, cues), s.discontinue
	n := len(m.cues) - 1
	if n < 2 {
		return
	}
	for cue := range m.cues[n-2] {
		if cues[cue] && !m.cues[n-1][cue] {
			c.report("webvtt-cues", m.at(s.line), "%s has %q, which is in the last but one and not in the one between", s.text, cue)
		}
	}
}
