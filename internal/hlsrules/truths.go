package hlsrules

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// truths checks what variants and renditions say of their media.
func (c *checker) truths(pr *presentation) {
	for i := range pr.variants {
		v := &pr.variants[i]
		m := pr.lists[v.uri]
		if m == nil {
			continue
		}
		if v.iFrames && !m.iFrames {
			c.report("i-frames", pr.at(v.line), "%s has no EXT-X-I-FRAMES-ONLY", m.uri)
		}
		others, whole := pr.renditions(v)
		if !whole {
			continue
		}
		c.bandwidth(pr, v, m, others)
		lists := slices.DeleteFunc(append([]*mediaList{m}, slices.Concat(others...)...), func(m *mediaList) bool {
			return m.subtitle && m.media.head == nil // WebVTT has no format to name
		})
		if slices.ContainsFunc(lists, func(m *mediaList) bool { return !m.media.known }) {
			continue
		}
		c.formats(pr, v, lists)
		if m.media.head.main.handler == "vide" {
			c.picture(pr, v, m)
		}
	}
	for _, l := range pr.all("EXT-X-MEDIA") {
		c.sound(pr, l)
	}
}

// renditions are the media playlists of a variant's groups, but its own, by
// group; not whole where one of them could not be read.
func (pr *presentation) renditions(v *variant) (groups [][]*mediaList, whole bool) {
	for _, kind := range []string{"AUDIO", "VIDEO", "SUBTITLES"} {
		var lists []*mediaList
		for _, l := range pr.group(kind, v.get(kind)) {
			uri := resolve(pr.uri, l.get("URI"))
			if !l.has("URI") || uri == v.uri {
				continue
			}
			m := pr.lists[uri]
			if m == nil {
				return nil, false
			}
			lists = append(lists, m)
		}
		groups = append(groups, lists)
	}
	return groups, true
}

// bandwidth checks BANDWIDTH and AVERAGE-BANDWIDTH against the largest sums. A
// group that the variant's own playlist is a member of takes its place.
func (c *checker) bandwidth(pr *presentation, v *variant, m *mediaList, others [][]*mediaList) {
	peak, average := m.peak, m.average
	own := slices.ContainsFunc(pr.group("AUDIO", v.get("AUDIO")), func(l *line) bool { return l.has("URI") && resolve(pr.uri, l.get("URI")) == v.uri })
	for i, lists := range others {
		most, mostAverage := 0.0, 0.0
		for _, o := range lists {
			most, mostAverage = max(most, o.peak), max(mostAverage, o.average)
		}
		if i == 0 && own {
			peak, average = max(peak, most), max(average, mostAverage)
			continue
		}
		peak, average = peak+most, average+mostAverage
	}
	at, said := pr.at(v.line), v.number64("BANDWIDTH")
	if said < math.Floor(peak) {
		c.report("bandwidth", at, "it is %.0f, a combination has %.0f", said, peak)
	}
	if math.Abs(said-peak) > 0.1*peak+1 {
		c.report("bandwidth-true", at, "it is %.0f, measured are %.0f", said, peak)
	}
	if v.has("AVERAGE-BANDWIDTH") && math.Abs(v.number64("AVERAGE-BANDWIDTH")-average) > 0.1*average+1 {
		c.report("average-true", at, "it is %s, measured are %.0f", v.get("AVERAGE-BANDWIDTH"), average)
	}
}

// picture checks what a variant says of its video.
func (c *checker) picture(pr *presentation, v *variant, m *mediaList) {
	at, t := pr.at(v.line), m.media.head.main
	switch width, height := t.display(); {
	case !v.has("RESOLUTION"):
		c.report("resolution-said", at, "the video is %.0fx%.0f", width, height)
	default:
		w, h, _ := strings.Cut(v.get("RESOLUTION"), "x")
		x, _ := strconv.ParseFloat(w, 64)
		y, _ := strconv.ParseFloat(h, 64)
		if math.Abs(x-width) > 2 || math.Abs(y-height) > 2 {
			c.report("resolution-true", at, "it is %s, the video is shown at %.1fx%.1f", v.get("RESOLUTION"), width, height)
		}
	}
	said := "SDR"
	if v.has("VIDEO-RANGE") {
		said = v.get("VIDEO-RANGE")
	}
	if is := t.videoRange(); is != "" && is != said {
		c.report("range-true", at, "it is %s, the video is %s", said, is)
	}
	if !v.iFrames {
		c.frameRate(at, v, m)
	}
}

// frameRate checks FRAME-RATE against the samples. Those that are decoded and
// not shown at the beginning, and the last of many, may make a difference.
func (c *checker) frameRate(at string, v *variant, m *mediaList) {
	samples, highest := 0, 0.0
	for i := range m.segments {
		r := m.run(i)
		samples += r.samples
		highest = max(highest, 1/m.media.head.main.seconds(max(r.shortest, 1)))
	}
	lasts := m.ends() - m.begins()
	if lasts < 0.1 {
		return // a few pictures make no rate
	}
	average := float64(samples) / lasts
	switch said := v.number64("FRAME-RATE"); {
	case !v.has("FRAME-RATE"):
		if average > 30 {
			c.report("frame-rate-said", at, "there are %.3f frames a second", average)
		}
	case said < 0.98*average-hidden(m) || said > 1.02*max(average, highest)+0.001:
		c.report("frame-rate-true", at, "it is %.3f, there are %.3f frames a second", said, average)
	}
}

// hidden is how many samples a second may be there that are not shown.
func hidden(m *mediaList) float64 {
	r := m.run(0)
	lasts := max(m.ends()-m.begins(), 0.001)
	short := float64(r.samples) - m.segments[0].duration/max(m.media.head.main.seconds(r.longest), 0.001)
	return max(0, short) / lasts
}

// sound checks what a rendition says of its audio.
func (c *checker) sound(pr *presentation, l *line) {
	t := pr.audio(l)
	if t == nil {
		return
	}
	count, rate := t.sound()
	said, _, _ := strings.Cut(l.get("CHANNELS"), "/")
	if n, err := strconv.Atoi(said); l.has("CHANNELS") && (err != nil || count > 0 && n != count) {
		c.report("channels-true", pr.at(l), "it is %s, the rendition has %d", said, count)
	}
	if l.has("SAMPLE-RATE") && rate > 0 && int(l.number64("SAMPLE-RATE")) != rate {
		c.report("sample-rate-true", pr.at(l), "it is %s, the rendition has %d Hz", l.get("SAMPLE-RATE"), rate)
	}
}
