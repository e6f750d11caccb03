package hlsrules

import (
	"math"
	"slices"
	"strings"
)

// together checks the media playlists of a presentation with each other (§6.2.4).
func (c *checker) together(lists []*mediaList) {
	if len(lists) == 0 {
		return
	}
	first := lists[0]
	for _, m := range lists[1:] {
		if m.target != first.target && !m.exempt() && !first.exempt() {
			c.report("same-target", m.uri, "it is %.0f, in %s it is %.0f", m.target, first.uri, first.target)
		}
		if a, b := m.said("EXT-X-PLAYLIST-TYPE"), first.said("EXT-X-PLAYLIST-TYPE"); a != b {
			c.report("same-type", m.uri, "it is %q, in %s it is %q", a, first.uri, b)
		}
		if a, b := m.said("EXT-X-SERVER-CONTROL"), first.said("EXT-X-SERVER-CONTROL"); a != b {
			c.report("same-control", m.uri, "it is %q, in %s it is %q", a, first.uri, b)
		}
		if a, b := m.find("EXT-X-PROGRAM-DATE-TIME") != nil, first.find("EXT-X-PROGRAM-DATE-TIME") != nil; a != b {
			c.report("same-dates", m.uri, "only one of this and %s has program dates", first.uri)
		}
		if a, b := m.ranges(), first.ranges(); len(a) > 0 && len(b) > 0 && !slices.Equal(a, b) {
			c.report("same-ranges", m.uri, "%q and %q", a, b)
		}
	}
	known := slices.DeleteFunc(slices.Clone(lists), func(m *mediaList) bool { return !m.media.known || m.iFrames })
	c.firsts(known)
	if len(known) > 1 {
		c.matching(known)
	}
}

// exempt says whether another target duration is allowed.
func (m *mediaList) exempt() bool { return m.subtitle || m.iFrames }

func (m *mediaList) said(name string) string {
	l := m.find(name)
	if l == nil {
		return ""
	}
	return "#" + l.value
}

// ranges are the date ranges of a playlist.
func (m *mediaList) ranges() []string {
	var all []string
	for _, l := range m.all("EXT-X-DATERANGE") {
		all = append(all, l.value)
	}
	slices.Sort(all)
	return all
}

// matching checks when playlists begin, end and are cut.
func (c *checker) matching(lists []*mediaList) {
	begin, end, target := math.Inf(1), 0.0, math.Inf(1)
	for _, m := range lists {
		begin, end, target = min(begin, m.begins()), max(end, m.ends()), min(target, m.target)
	}
	for _, m := range lists {
		if late := m.begins() - begin; m.said("EXT-X-PLAYLIST-TYPE") == "#VOD" && late > delay {
			c.report("same-start", m.uri, "it begins %.3f s later than another", late)
		}
		if early := end - m.ends(); early > target+delay {
			c.report("same-end", m.uri, "it ends %.3f s before another", early)
		}
	}
	for _, m := range lists {
		if m.media.head.main.handler != "vide" {
			continue
		}
		for _, o := range lists {
			if o != m {
				c.aligned(m, o)
			}
		}
		return
	}
}

// aligned checks that a rendition is cut where the video is, within a sample.
func (c *checker) aligned(video, other *mediaList) {
	at := 0
	for i := range video.segments {
		t := video.media.head.main.seconds(video.run(i).earliest)
		for at+1 < len(other.segments) && math.Abs(other.begin(at+1)-t) <= math.Abs(other.begin(at)-t) {
			at++
		}
		sample := other.media.head.main.seconds(other.run(at).longest) + millisecond
		if i == 0 || t > other.ends()-sample || t < other.begins() {
			continue
		}
		if a, b := video.segments[i].discontinue, other.segments[at].discontinue; a != b {
			c.report("same-discontinuities", other.at(other.segments[at].line), "%d, in the video it is %d", b, a)
			return
		}
		if off := other.begin(at) - t; math.Abs(off) > sample {
			c.report("aligned", other.at(other.segments[at].line), "%s begins %.3f s off %s", other.segments[at].text, off, strings.TrimSpace(video.segments[i].text))
			return
		}
	}
}

// begin is when a segment's first sample is shown, in seconds.
func (m *mediaList) begin(i int) float64 { return m.media.head.main.seconds(m.run(i).earliest) }
