package hls

import (
	"slices"

	"github.com/streamgate/streamgate/media"
)

// shared is what the playlists of a presentation say alike.
type shared struct {
	target      int64 // target duration in seconds: one for all (RFC 8216bis §6.2.4)
	independent bool  // so are the segments of every track
	event       bool  // playlists were, or are, shown before they were complete
	open        bool  // and are not complete yet
}

// kind ends the line of the target duration and says what a playlist is. One that
// was seen before it was complete stays an EVENT: what was there does not change
// (RFC 8216bis §6.2.1).
func (s shared) kind() string {
	if s.event {
		return "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:EVENT\n"
	}
	return "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
}

func sharedBy(tracks []*media.Track) shared {
	s := shared{target: 1, independent: !slices.ContainsFunc(tracks, func(t *media.Track) bool { return !independent(t) })}
	for _, t := range tracks {
		s.target = max(s.target, longest(boundaries(t)))
	}
	return s
}

// independent reports whether every segment can be decoded without those before it
// (RFC 8216bis §4.4.2.1): all of it, the pictures before its sync sample, too.
func independent(t *media.Track) bool { return t.Independent && !t.Open }

// longest is the longest duration in whole seconds: EXTINF, rounded to the
// nearest, must not exceed the target (RFC 8216bis §4.4.3.1).
func longest(times []int64) int64 {
	most := int64(0)
	for i := 1; i < len(times); i++ {
		most = max(most, (times[i]-times[i-1]+micro/2)/micro)
	}
	return most
}
