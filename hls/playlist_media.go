package hls

import (
	"strconv"

	"github.com/streamgate/streamgate/media"
)

// playlistHead begins every playlist. RFC 8216bis §8 asks for version 6 for
// EXT-X-MAP; some players take fMP4 from 7 on only.
const playlistHead = "#EXTM3U\n#EXT-X-VERSION:7\n"

// appendMediaPlaylist appends the media playlist of a track (RFC 8216bis §4.4.3).
// All its URIs are relative to it. What the multivariant playlist says for all is
// not repeated (§4.4.2.1).
func appendMediaPlaylist(dst []byte, t *media.Track, keys *protection, all shared) []byte {
	times := boundaries(t)
	dst = append(dst, playlistHead...)
	dst = append(dst, "#EXT-X-TARGETDURATION:"...)
	dst = strconv.AppendInt(dst, all.target, 10)
	dst = append(dst, all.kind()...)
	if independent(t) && !all.independent && !all.event {
		dst = append(dst, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	dst = keys.appendMap(dst) // one for all: it holds every sample entry
	for i := range t.Segments {
		dst = keys.appendKeys(dst, t, i)
		dst = append(dst, "#EXTINF:"...)
		dst = appendSeconds(dst, times[i+1]-times[i])
		dst = append(dst, ",\n"...)
		dst = strconv.AppendInt(dst, int64(i), 10)
		dst = append(dst, ".m4s\n"...)
	}
	if all.open {
		return dst
	}
	return append(dst, "#EXT-X-ENDLIST\n"...)
}

func segmentName(n int) string { return strconv.Itoa(n) + ".m4s" }

// mediaPlaylistSize is about how long a media playlist gets, in bytes.
func mediaPlaylistSize(t *media.Track) int64 {
	return 160 + int64(len(t.Segments))*28
}

const micro = 1_000_000

// boundaries returns where the segments begin and the last one ends, in
// microseconds of the presentation. Durations are differences of these rounded
// times, so that their sum is never further off than one rounding, however many
// there are. The first segment begins with the presentation: what it has before
// that is priming, and what is missing there is silence.
func boundaries(t *media.Track) []int64 {
	times := make([]int64, 0, len(t.Segments)+1)
	last := int64(0)
	for i, s := range t.Segments {
		at := int64(0)
		if i > 0 {
			at = max(last, microseconds(s.Start, t.Timescale))
		}
		times = append(times, at)
		last = at
	}
	if n := len(t.Segments); n > 0 {
		end := t.Segments[n-1]
		times = append(times, max(last, microseconds(end.Start+int64(end.Duration), t.Timescale)))
	}
	return times
}

// microseconds rounds to the nearest, halves up.
func microseconds(ticks int64, timescale uint32) int64 {
	scale := int64(max(timescale, 1))
	whole, rest := ticks/scale, ticks%scale
	if rest < 0 {
		whole, rest = whole-1, rest+scale
	}
	return whole*micro + (rest*micro+scale/2)/scale
}

// appendSeconds writes microseconds as seconds with six decimals.
func appendSeconds(dst []byte, us int64) []byte {
	dst = strconv.AppendInt(dst, us/micro, 10)
	dst = append(dst, '.')
	for unit := int64(micro / 10); unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+us/unit%10))
	}
	return dst
}
