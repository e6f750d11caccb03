package playcheck

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/Eyevinn/hls-m3u8/m3u8"
)

// structure checks the playlists and segments themselves.
func (c *comparison) structure(t testing.TB) {
	base, err := url.Parse(c.master)
	if err != nil {
		c.result.problem("master: %v", err)
		return
	}
	text, base, _, err := c.fetch(t.Context(), base, "")
	if err != nil {
		c.result.problem("%v", err)
		return
	}
	list, _, err := m3u8.Decode(*bytes.NewBuffer(text), true)
	if err != nil {
		c.result.problem("multivariant playlist: %v", err)
		return
	}
	p, ok := list.(*m3u8.MasterPlaylist)
	if !ok || len(p.Variants) == 0 {
		c.result.problem("multivariant playlist: no variants")
		return
	}
	known := map[string]*rendition{}
	get := func(uri string) *rendition {
		if r, ok := known[uri]; ok {
			return r
		}
		r, err := c.rendition(t.Context(), base, uri)
		if err != nil {
			c.result.problem("%v", err)
		}
		known[uri] = r
		return r
	}
	for _, v := range p.Variants {
		if err := c.variant(v, get); err != nil {
			c.result.problem("variant %s: %v", v.URI, err)
		}
	}
	c.independence(p.IndependentSegments(), known)
	c.timings(known)
	c.shape(t, known)
	c.seek(t, known)
}

// independence checks that segments begin with a sync sample where a playlist
// promises it (RFC 8216 §4.3.5.1).
func (c *comparison) independence(promised bool, all map[string]*rendition) {
	for uri, r := range all {
		if r == nil || !promised && !r.playlist.IndependentSegments() {
			continue
		}
		for i, f := range r.fragments {
			if !f.sync {
				c.result.problem("playlist %s: segment %d does not begin with a sync sample, against EXT-X-INDEPENDENT-SEGMENTS", uri, i)
				break
			}
		}
	}
}

// timings checks the clock of each rendition from the origin that they share.
func (c *comparison) timings(all map[string]*rendition) {
	origin := math.Inf(1)
	for _, r := range all {
		if r != nil {
			origin = min(origin, r.start())
		}
	}
	for uri, r := range all {
		if r == nil {
			continue
		}
		if err := r.timing(origin); err != nil {
			c.result.problem("playlist %s: %v", uri, err)
		}
	}
}

// shape checks the pixel aspect ratio and the display matrix of a rendition's
// own file: the HLS demuxer of ffmpeg forgets the first.
func (c *comparison) shape(t testing.TB, all map[string]*rendition) {
	for uri, r := range all {
		if r == nil || r.head.handler != "vide" {
			continue
		}
		p, err := probe(t.Context(), c.dir, r.sample)
		if err != nil || len(p.streams) != 1 {
			c.result.problem("ffprobe does not read init segment and first segment of %s: %v", uri, err)
			continue
		}
		got := p.streams[0]
		if c.wanted == nil || slices.ContainsFunc(c.wanted.streams, func(s *stream) bool {
			return s.Type == "video" && math.Abs(got.aspect()-s.aspect()) < 0.01 && got.matrix() == s.matrix()
		}) {
			continue
		}
		c.result.problem("%s has pixels of %s and matrix %q, unlike the source", uri, got.Aspect, got.matrix())
	}
}

// variant checks what a variant stream says of itself against what it holds.
func (c *comparison) variant(v *m3u8.Variant, get func(string) *rendition) error {
	main := get(v.URI)
	if main == nil {
		return errors.New("its media playlist cannot be read")
	}
	parts := []*rendition{main}
	peak, average := main.peak, main.average
	var loudest, loudestAverage float64
	for _, a := range v.Alternatives {
		if a.URI == "" || a.Type == "SUBTITLES" { // text is no media that is compared here
			continue
		}
		r := get(a.URI)
		if r == nil {
			return fmt.Errorf("rendition %s cannot be read", a.URI)
		}
		if a.URI == v.URI {
			continue
		}
		parts = append(parts, r)
		loudest, loudestAverage = max(loudest, r.peak), max(loudestAverage, r.average)
	}
	peak, average = peak+loudest, average+loudestAverage
	return errors.Join(
		bandwidth(v, peak, average),
		codecs(v.Codecs, parts),
		c.resolution(v, main),
	)
}

func bandwidth(v *m3u8.Variant, peak, average float64) error {
	switch said, mean := float64(v.Bandwidth), float64(v.AverageBandwidth); {
	case said < math.Floor(peak):
		return fmt.Errorf("BANDWIDTH=%d, measured %.0f", v.Bandwidth, peak)
	case mean != 0 && (mean < math.Floor(average) || mean > 1.1*average+1000):
		return fmt.Errorf("AVERAGE-BANDWIDTH=%d, measured %.0f", v.AverageBandwidth, average)
	case mean > said:
		return fmt.Errorf("AVERAGE-BANDWIDTH=%d over BANDWIDTH=%d", v.AverageBandwidth, v.Bandwidth)
	}
	return nil
}

// shapes are what the CODECS strings of RFC 6381 and its registrations look
// like, by sample entry.
var shapes = map[string]*regexp.Regexp{
	"avc1": regexp.MustCompile(`^avc1\.[0-9a-fA-F]{6}$`),
	"avc3": regexp.MustCompile(`^avc3\.[0-9a-fA-F]{6}$`),
	"hvc1": regexp.MustCompile(`^hvc1\.[ABC]?[0-9]+\.[0-9A-F]{1,8}\.[LH][0-9]+(\.[0-9A-F]{1,2}){0,6}$`),
	"hev1": regexp.MustCompile(`^hev1\.[ABC]?[0-9]+\.[0-9A-F]{1,8}\.[LH][0-9]+(\.[0-9A-F]{1,2}){0,6}$`),
	"av01": regexp.MustCompile(`^av01\.[0-2]\.[0-9]{2}[MH]\.(08|10|12)(\.[01]\.[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[0-9]{2}\.[01])?$`),
	"vp09": regexp.MustCompile(`^vp09(\.[0-9]{2}){3}(\.[0-9]{2}){0,5}$`),
	"mp4a": regexp.MustCompile(`^mp4a\.(40\.[0-9]{1,2}|6[69Bb]|66|67|68)$`),
	".mp3": regexp.MustCompile(`^mp4a\.(40\.34|6[9Bb])$`),
	"Opus": regexp.MustCompile(`^[Oo]pus$`),
	"fLaC": regexp.MustCompile(`^fLaC$`),
	"ac-3": regexp.MustCompile(`^ac-3$`),
	"ec-3": regexp.MustCompile(`^ec-3$`),
	"alac": regexp.MustCompile(`^alac$`),
}

// codecs checks that CODECS names each format that is there and no other.
func codecs(said string, parts []*rendition) error {
	left := strings.Split(strings.ReplaceAll(said, " ", ""), ",")
	if said == "" {
		return errors.New("no CODECS")
	}
	var named []string
	for _, r := range parts {
		for _, entry := range r.head.entries {
			kind := string(entry[4:8])
			shape := shapes[kind]
			if shape == nil {
				return fmt.Errorf("sample entry %q has no known CODECS", kind)
			}
			i := slices.IndexFunc(left, shape.MatchString)
			if i < 0 {
				return fmt.Errorf("CODECS %q has nothing for %q", said, kind)
			}
			if want, ok := profile(entry); ok && !slices.ContainsFunc(left, func(s string) bool { return strings.EqualFold(s, want) }) {
				return fmt.Errorf("CODECS %q, the sample entry says %s", said, want)
			}
			named = append(named, kind)
		}
	}
	for _, s := range left {
		if !slices.ContainsFunc(named, func(kind string) bool { return shapes[kind].MatchString(s) }) {
			return fmt.Errorf("CODECS names %q, the sample entries are %q", s, named)
		}
	}
	return nil
}

// profile is the CODECS string of an AVC sample entry, from its avcC box.
func profile(entry []byte) (string, bool) {
	kind := string(entry[4:8])
	if kind != "avc1" && kind != "avc3" || len(entry) < 86 {
		return "", false
	}
	avcC := find(entry[86:], "avcC")
	if len(avcC) < 4 {
		return "", false
	}
	return fmt.Sprintf("%s.%02x%02x%02x", kind, avcC[1], avcC[2], avcC[3]), true
}

// resolution checks RESOLUTION against the picture as it is shown, made square
// by its width or by its height, and that nothing claims one without a picture.
func (c *comparison) resolution(v *m3u8.Variant, main *rendition) error {
	if main.head.handler != "vide" {
		if v.Resolution != "" {
			return fmt.Errorf("RESOLUTION=%s without video", v.Resolution)
		}
		return nil
	}
	var width, height float64
	if _, err := fmt.Sscanf(v.Resolution, "%fx%f", &width, &height); err != nil {
		return fmt.Errorf("RESOLUTION %q: %w", v.Resolution, err)
	}
	for _, p := range c.pairs {
		if p.want.Type != "video" {
			continue
		}
		if w, h := p.want.display(); near(width, w) && near(height, h) || near(width, w/p.want.aspect()) && near(height, h/p.want.aspect()) {
			return nil
		}
	}
	if len(c.pairs) == 0 || c.pairs[0].want.Type != "video" && len(c.pairs) == 1 {
		return nil
	}
	return fmt.Errorf("RESOLUTION=%s, the source is shown at %s", v.Resolution, c.sizes())
}

// near allows for rounding, to even numbers as well.
func near(a, b float64) bool { return math.Abs(a-b) <= 2 }

func (c *comparison) sizes() string {
	var all []string
	for _, p := range c.pairs {
		if p.want.Type == "video" {
			w, h := p.want.display()
			all = append(all, fmt.Sprintf("%.0fx%.0f", w, h))
		}
	}
	return strings.Join(all, " or ")
}
