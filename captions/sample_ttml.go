package captions

import "regexp"

// endOfDocument is where a document of TTML ends; what stands behind it in a
// sample are pictures (ISO/IEC 14496-30 §5.6).
var endOfDocument = regexp.MustCompile(`</(?:[A-Za-z_][\w.-]*:)?tt\s*>`)

// document reads a sample of TTML: a document, whose times count from where the
// track begins, and which shows what it has while the sample is on (ISO/IEC
// 14496-30 §5).
func (s *Sample) document() ([]Cue, error) {
	data := s.Data
	if ends := endOfDocument.FindAllIndex(data, -1); ends != nil {
		data = data[:ends[len(ends)-1][1]]
	}
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	p := &parser{isSample: true}
	if err := p.readTTML(text); err != nil {
		return nil, err
	}
	cues := make([]Cue, 0, min(len(p.cues), maxPerSample))
	for i := range p.cues {
		c := p.cues[i].Cue
		c.Start, c.End = c.Start+s.Zero, c.End+s.Zero
		if c.End > s.Start && c.Start < s.End && len(cues) < maxPerSample {
			cues = append(cues, c)
		}
	}
	return cues, nil
}
