package hls

import (
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/media"
)

// appendTransportPlaylist appends the media playlist of transport stream segments
// that begin at these times. Version 3 is for durations with a fraction.
func appendTransportPlaylist(dst []byte, times []int64, target int64) []byte {
	dst = append(dst, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:"...)
	dst = strconv.AppendInt(dst, target, 10)
	dst = append(dst, "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"...)
	for i := 1; i < len(times); i++ {
		dst = append(dst, "#EXTINF:"...)
		dst = appendSeconds(dst, times[i]-times[i-1])
		dst = append(dst, ",\n"...)
		dst = strconv.AppendInt(dst, int64(i-1), 10)
		dst = append(dst, ".ts\n"...)
	}
	return append(dst, "#EXT-X-ENDLIST\n"...)
}

// multivariant is the multivariant playlist with these subtitles and those within
// a file, of the oldest version: a variant for each video, or one for the audio
// where there is no video. EXT-X-MEDIA stands there where there is a choice alone; the audio that is in
// the variants has no URI (RFC 8216bis §4.4.6.2.1). The tracks were measured.
func (t *transport) multivariant(subtitles []*subtitle) []byte {
	dst := []byte("#EXTM3U\n")
	if t.of.shared().independent {
		dst = append(dst, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	subtitles = t.of.texts().with(subtitles)
	if t.choice() {
		dst = t.group.appendMediaAt(dst, func(a *prepared) string {
			if len(t.videos) > 0 && a == t.group.members[t.group.preferred] {
				return ""
			}
			return a.folder + transportIndex
		})
	}
	dst = t.closedCaptions().appendMedia(appendSubtitles(dst, subtitles))
	var audio bitrate // of what is a rendition by itself
	for _, a := range t.audios {
		audio = audio.orMore(a.rate)
	}
	for _, r := range t.of.ladder() {
		if v := t.find(r.prepared); v != nil {
			dst = t.appendVariant(dst, v, v.rate.plus(audio).plus(textRateOf(subtitles)), len(subtitles) > 0)
		}
	}
	if len(t.videos) == 0 {
		dst = t.appendVariant(dst, t.find(t.group.members[t.group.preferred]), audio.plus(textRateOf(subtitles)), len(subtitles) > 0)
	}
	return dst
}

// closedCaptions are those that the oldest version knows.
func (t *transport) closedCaptions() *closedCaptions {
	c := t.of.closedCaptions()
	if c != nil && c.Services != 0 {
		return nil
	}
	return c
}

// choice reports whether a viewer can choose what is heard.
func (t *transport) choice() bool { return t.group != nil && len(t.group.members) > 1 }

func (t *transport) appendVariant(dst []byte, v *transportTrack, rate bitrate, subtitled bool) []byte {
	var a attributes
	a.integer("BANDWIDTH", rate.peak)
	a.integer("AVERAGE-BANDWIDTH", rate.average)
	a.quoted("CODECS", strings.Join(codecs(v.video.prepared, t.group), ","))
	if v.video.prepared != nil {
		a.picture(unturned(v.Track))
	}
	if t.choice() {
		a.quoted("AUDIO", t.group.id)
	}
	if subtitled {
		a.quoted("SUBTITLES", subtitleGroup)
	}
	t.closedCaptions().appendTo(&a)
	dst = append(dst, "#EXT-X-STREAM-INF:"...)
	dst = append(dst, a.text...)
	dst = append(dst, '\n')
	return append(append(dst, v.folder+transportIndex...), '\n')
}

// unturned is a track as it is coded: a transport stream cannot say that a picture
// is to be turned.
func unturned(t *media.Track) *media.Track {
	if t.Matrix[0] != 0 || t.Matrix[4] != 0 || t.Matrix[1] == 0 {
		return t
	}
	c := *t
	c.Width, c.Height = t.Height, t.Width
	return &c
}
