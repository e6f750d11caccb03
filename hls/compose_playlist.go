package hls

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/media"
)

// playlist is the media playlist of a lane: the segments of its parts as their own
// playlists have them, keys included, with a discontinuity between parts.
func (l lane) playlist(all shared, t *media.Track, up string) []byte {
	dst := []byte(playlistHead + "#EXT-X-TARGETDURATION:")
	dst = strconv.AppendInt(dst, all.target, 10)
	dst = append(dst, "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"...)
	switch {
	case l[0].isIFrames:
		dst = append(dst, "#EXT-X-I-FRAMES-ONLY\n"...)
	case independent(t) && !all.independent:
		dst = append(dst, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	locked := false
	for i, part := range l {
		if i > 0 {
			dst = append(dst, "#EXT-X-DISCONTINUITY\n"...)
		}
		dst, locked = part.append(dst, "../../"+up+part.of.asset+"/"+part.folder, locked)
	}
	return append(dst, "#EXT-X-ENDLIST\n"...)
}

// append appends the segments of a part, whose own playlist is in folder. What
// holds for them (their init segment, their key) is said before the first, and
// where it changes. It reports whether a key holds at the end.
func (part laneTrack) append(dst []byte, folder string, locked bool) (_ []byte, stillLocked bool) {
	dst = part.of.appendDate(dst, boundaries(part.Track)[part.first])
	var said listed
	for n, s := range segmentsIn(part.playlist.identity().body) {
		if n < part.first || n >= part.end {
			continue
		}
		key := s.keyOf(n)
		switch {
		case s.init != said.init && s.clear: // before the key, which else would apply to it
			if locked {
				dst = append(dst, "#EXT-X-KEY:METHOD=NONE\n"...)
			}
			dst = appendMoved(appendMoved(dst, s.init, folder), key, folder)
		case s.init != said.init:
			dst = appendMoved(appendMoved(dst, key, folder), s.init, folder)
		case key != said.key:
			dst = appendMoved(dst, key, folder)
		}
		said, locked = listed{key: key, init: s.init}, key != ""
		dst = appendMoved(dst, s.lines, folder)
	}
	return dst, locked
}

// A listed segment is one of a media playlist of ours, as text.
type listed struct {
	key, init string // the tags that hold for it
	clear     bool   // its init segment stands before any key
	lines     string // its own, its URI the last
}

// keyOf is the key of what was segment n. Where it has no initialization vector,
// that is the number of the segment (RFC 8216bis §5.2), which here is another one.
func (s *listed) keyOf(n int) string {
	if !strings.Contains(s.key, "METHOD=AES-128") || strings.Contains(s.key, ",IV=") {
		return s.key
	}
	return strings.ReplaceAll(s.key, "\n", fmt.Sprintf(",IV=0x%032X\n", n))
}

// segmentsIn reads a media playlist that was written here.
func segmentsIn(body []byte) []listed {
	var list []listed
	var now listed
	keys := false // the line before was a key, too: those of one segment stand together
	for line := range bytes.Lines(body) {
		text := string(line)
		isKey := strings.HasPrefix(text, "#EXT-X-KEY:")
		switch {
		case isKey && keys:
			now.key += text
		case isKey:
			now.key = text
		case strings.HasPrefix(text, "#EXT-X-MAP:"):
			now.init, now.clear = text, now.key == ""
		case strings.HasPrefix(text, "#EXTINF:"), strings.HasPrefix(text, "#EXT-X-BYTERANGE:"):
			now.lines += text
		case text[0] != '#' && now.lines != "":
			now.lines += text
			list = append(list, now)
			now.lines = ""
		}
		keys = isKey
	}
	return list
}

// appendMoved appends lines whose URIs are relative to a folder.
func appendMoved(dst []byte, lines, folder string) []byte {
	for line := range strings.Lines(lines) {
		before, uri := "", line
		if line[0] == '#' {
			var ok bool
			if before, uri, ok = strings.Cut(line, `URI="`); !ok {
				dst = append(dst, line...)
				continue
			}
			before += `URI="`
		}
		dst = append(dst, before...)
		if !strings.HasPrefix(uri, "/") && !strings.Contains(uri, ":") {
			dst = append(dst, folder...)
		}
		dst = append(dst, uri...)
	}
	return dst
}
