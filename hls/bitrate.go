package hls

import (
	"math"

	"github.com/streamgate/streamgate/media"
)

// A bitrate is what a track takes of the network, packaging included, in bits a second.
type bitrate struct {
	peak    int64 // the peak segment bit rate
	average int64
}

func (b bitrate) plus(c bitrate) bitrate {
	return bitrate{b.peak + c.peak, b.average + c.average}
}

func (b bitrate) orMore(c bitrate) bitrate {
	return bitrate{max(b.peak, c.peak), max(b.average, c.average)}
}

// maxWindow bounds the work for a track of very many very short segments.
const maxWindow = 256

// bitrateOf measures a track for a target duration in seconds. The peak segment
// bit rate is the largest bit rate of any run of segments that lasts between 0.5
// and 1.5 times the target duration (RFC 8216bis §4.4.6.2), so that a short last
// segment does not count alone. A track too short for such a run has its average
// as its peak.
func bitrateOf(t *media.Track, seconds int64) bitrate {
	return peakOver(boundaries(t), func(i int) int64 { return segmentSize(t, i) }, seconds)
}

// peakOver is bitrateOf for segments that begin at these times, the last of which
// is where the last one ends.
func peakOver(times []int64, size func(i int) int64, seconds int64) bitrate {
	segments := len(times) - 1
	target := seconds * micro
	var total int64
	var peak float64
	for i := range segments {
		total += size(i)
		var bytes int64
		for j := i; j < min(segments, i+maxWindow); j++ {
			bytes += size(j)
			lasts := times[j+1] - times[i]
			if 2*lasts > 3*target {
				break
			}
			if 2*lasts >= target {
				peak = max(peak, rate(bytes, lasts))
			}
		}
	}
	if segments < 1 {
		return bitrate{}
	}
	average := rate(total, times[segments])
	return bitrate{peak: int64(math.Ceil(max(peak, average))), average: int64(math.Ceil(average))}
}

func rate(bytes, us int64) float64 {
	return float64(bytes) * 8 * micro / float64(max(us, 1))
}

// segmentSize is how long a segment is, in bytes, without reading its samples.
func segmentSize(t *media.Track, n int) int64 {
	s := &t.Segments[n]
	return fragmentSize(t, s) + s.Bytes
}
