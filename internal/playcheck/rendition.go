package playcheck

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/Eyevinn/hls-m3u8/m3u8"
)

// rendition is what was measured of a media playlist.
type rendition struct {
	head      *head
	duration  float64 // sum of EXTINF, in seconds
	peak      float64 // bits a second, as RFC 8216 §4.3.4.2 measures BANDWIDTH
	average   float64
	segments  []segment
	playlist  *m3u8.MediaPlaylist
	fragments []*fragment
	sample    string  // path of a file with the init segment and the first segment
	middle    string  // and of one with the segment in the middle; "" where there is but one
	jump      float64 // presentation time of that segment's first sample, in seconds
}

type segment struct {
	seconds float64
	bytes   int
}

// rendition fetches a media playlist and all that it names, and checks it.
func (c *comparison) rendition(ctx context.Context, master *url.URL, uri string) (*rendition, error) {
	text, base, header, err := c.fetch(ctx, master, uri)
	if err != nil {
		return nil, err
	}
	if kind := header.Get("Content-Type"); kind != "application/vnd.apple.mpegurl" {
		c.result.problem("playlist %s has Content-Type %q", uri, kind)
	}
	list, kind, err := m3u8.Decode(*bytes.NewBuffer(text), true)
	if err != nil {
		return nil, fmt.Errorf("playlist %s: %w", uri, err)
	}
	p, ok := list.(*m3u8.MediaPlaylist)
	if !ok || kind != m3u8.MEDIA {
		return nil, fmt.Errorf("playlist %s is no media playlist", uri)
	}
	r := &rendition{playlist: p}
	if !p.Closed {
		c.result.problem("playlist %s has no EXT-X-ENDLIST", uri)
	}
	if err := c.segments(ctx, base, r); err != nil {
		return nil, fmt.Errorf("playlist %s: %w", uri, err)
	}
	r.measure()
	return r, nil
}

// segments fetches init segment and segments.
func (c *comparison) segments(ctx context.Context, base *url.URL, r *rendition) error {
	var current string
	var init []byte
	var keys []m3u8.Key
	listed := r.playlist.GetAllSegments()
	for i, s := range listed {
		m := s.Map
		if m == nil && i == 0 {
			m = r.playlist.Map
		}
		if m != nil && m.URI != current {
			data, _, _, err := c.fetch(ctx, base, m.URI)
			if err != nil {
				return err
			}
			if r.head, err = readHead(data); err != nil {
				return fmt.Errorf("init segment %s: %w", m.URI, err)
			}
			current, init = m.URI, data
		}
		if r.head == nil {
			return fmt.Errorf("no EXT-X-MAP before segment %s", s.URI)
		}
		sent, _, _, err := c.fetch(ctx, base, s.URI)
		if err != nil {
			return err
		}
		if len(s.Keys) > 0 {
			keys = s.Keys
		}
		data, err := c.decrypt(ctx, base, keys, s.SeqId, sent)
		if err != nil {
			return fmt.Errorf("segment %d, %s: %w", i, s.URI, err)
		}
		f, err := r.head.readFragment(data)
		if err != nil {
			return fmt.Errorf("segment %d, %s: %w", i, s.URI, err)
		}
		if err := c.keep(r, i, len(listed)/2, init, data); err != nil {
			return err
		}
		c.result.Segments++
		if i == len(listed)/2 {
			r.jump = float64(f.first) / float64(r.head.timescale)
		}
		r.fragments = append(r.fragments, f)
		r.segments = append(r.segments, segment{seconds: s.Duration, bytes: len(sent)})
	}
	if len(r.segments) == 0 {
		return fmt.Errorf("no segments")
	}
	return nil
}

// keep writes the first segment and the one in the middle to files of their own.
func (c *comparison) keep(r *rendition, i, middle int, init, data []byte) error {
	if i != 0 && i != middle {
		return nil
	}
	path := filepath.Join(c.dir, fmt.Sprintf("segment-%d.mp4", c.result.Segments))
	if i == 0 {
		r.sample = path
	} else {
		r.middle = path
	}
	if err := os.WriteFile(path, slices.Concat(init, data), 0o600); err != nil {
		return fmt.Errorf("keeping a segment: %w", err)
	}
	return nil
}

// start is the time of what is presented first, in seconds.
func (r *rendition) start() float64 {
	return float64(r.fragments[0].earliest) / float64(r.head.timescale)
}

// timing checks the clock: decode times that follow on each other, EXTINF that
// says how long the segments are, none over the target. The first segment of a
// track that sets in later than the presentation lasts from the latter's origin.
func (r *rendition) timing(origin float64) error {
	tick := 1 / float64(r.head.timescale)
	elapsed, low, high := 0.0, math.Inf(1), math.Inf(-1)
	for i, f := range r.fragments {
		if rounded := uint(math.Round(r.segments[i].seconds)); rounded > r.playlist.TargetDuration {
			return fmt.Errorf("segment %d lasts %.3f s, the target is %d s", i, r.segments[i].seconds, r.playlist.TargetDuration)
		}
		if i > 0 && f.decode != r.fragments[i-1].ends {
			return fmt.Errorf("tfdt of segment %d is %d, the samples before end at %d", i, f.decode, r.fragments[i-1].ends)
		}
		if i > 0 {
			drift := float64(f.earliest)*tick - elapsed
			low, high = min(low, drift), max(high, drift)
		}
		elapsed += r.segments[i].seconds
	}
	if high-low > 2*syncTolerance+tick {
		return fmt.Errorf("EXTINF strays by %.4f s from where segments begin", high-low)
	}
	whole := float64(r.latest()-r.fragments[0].earliest) * tick
	slack := r.frame() + 2*syncTolerance
	if r.duration > r.start()-origin+whole+slack || r.duration < whole-r.hidden(whole)-slack {
		return fmt.Errorf("EXTINF sums up to %.4f s, the samples last %.4f s", r.duration, whole)
	}
	return nil
}

// frame is how long a sample lasts on average, in seconds.
func (r *rendition) frame() float64 {
	samples := 0
	for _, f := range r.fragments {
		samples += f.samples
	}
	last := r.fragments[len(r.fragments)-1]
	return float64(last.ends-r.fragments[0].decode) / float64(r.head.timescale) / float64(samples)
}

func (r *rendition) latest() int64 {
	latest := int64(math.MinInt64)
	for _, f := range r.fragments {
		latest = max(latest, f.latest)
	}
	return latest
}

// hidden is how much of the first segment may stand before the presentation
// begins and so be left out of its EXTINF: all but what EXTINF says.
func (r *rendition) hidden(whole float64) float64 {
	if len(r.fragments) < 2 {
		return max(0, whole-r.segments[0].seconds)
	}
	between := float64(r.fragments[1].earliest-r.fragments[0].earliest) / float64(r.head.timescale)
	return max(0, between-r.segments[0].seconds)
}

// measure finds the average and the peak bit rate: the largest over any run of
// segments that lasts between half and one and a half target durations.
func (r *rendition) measure() {
	total, target := 0, float64(r.playlist.TargetDuration)
	for i, s := range r.segments {
		total += s.bytes
		r.duration += s.seconds
		lasts, bytes := 0.0, 0
		for _, next := range r.segments[i:] {
			lasts += next.seconds
			bytes += next.bytes
			if lasts > 1.5*target {
				break
			}
			if lasts >= 0.5*target {
				r.peak = max(r.peak, 8*float64(bytes)/lasts)
			}
		}
	}
	if r.duration > 0 {
		r.average = 8 * float64(total) / r.duration
	}
	if r.peak == 0 {
		r.peak = r.average
	}
}
