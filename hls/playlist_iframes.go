package hls

import (
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/media"
)

const (
	iframesName  = "iframes.m3u8"
	iframePrefix = "iframe-"
)

// appendIFramePlaylist appends the playlist of a track of I-frames (RFC 8216bis
// §4.4.3.6). Each is a segment of its own, and lasts as long as one of the track.
func appendIFramePlaylist(dst []byte, t *media.Track, keys *protection, all shared) []byte {
	times := boundaries(t)
	dst = append(dst, playlistHead...)
	dst = append(dst, "#EXT-X-TARGETDURATION:"...)
	dst = strconv.AppendInt(dst, all.target, 10)
	dst = append(dst, all.kind()...)
	dst = append(dst, "#EXT-X-I-FRAMES-ONLY\n"...)
	dst = keys.appendMap(dst)
	for i := range t.Segments {
		dst = keys.appendKeys(dst, t, i)
		dst = append(dst, "#EXTINF:"...)
		dst = appendSeconds(dst, times[i+1]-times[i])
		dst = append(dst, ",\n"...)
		dst = append(dst, iframePrefix...)
		dst = strconv.AppendInt(dst, int64(i), 10)
		dst = append(dst, ".m4s\n"...)
	}
	return append(dst, "#EXT-X-ENDLIST\n"...)
}

// appendIFrameStreams appends EXT-X-I-FRAME-STREAM-INF for each video track that
// has I-frames (RFC 8216bis §4.4.6.3).
func (p *presentation) appendIFrameStreams(dst []byte) []byte {
	for i := range p.tracks {
		t := p.tracks[i].iframes
		if t == nil {
			continue
		}
		rate := bitrateOf(t.rated(), p.shared().target)
		var a attributes
		a.integer("BANDWIDTH", rate.peak)
		a.integer("AVERAGE-BANDWIDTH", rate.average)
		a.quoted("CODECS", strings.Join(codecs(t, nil), ","))
		a.size(t.Track)
		a.videoRange(t.Track)
		a.quoted("URI", t.folder+iframesName)
		dst = append(dst, "#EXT-X-I-FRAME-STREAM-INF:"...)
		dst = append(dst, a.text...)
		dst = append(dst, '\n')
	}
	return dst
}
