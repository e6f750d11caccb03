package hls

import (
	"strconv"
	"strings"
)

// subtitleGroup is the GROUP-ID of all subtitles.
const subtitleGroup = "subtitles"

// soundsDescribed are the characteristics of captions for who cannot hear: RFC
// 8216bis §4.4.6.1.
const soundsDescribed = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"

// appendSubtitles appends an EXT-X-MEDIA tag for each of a presentation's
// subtitles. Of those that are alike only one is selected automatically: two with
// the same attributes are no choice (RFC 8216bis §4.4.6.1.1).
func appendSubtitles(dst []byte, list []*subtitle) []byte {
	names := subtitleNames(list)
	hasDefault, chosen := false, map[[3]any]bool{}
	for i, s := range list {
		var a attributes
		a.enumerated("TYPE", "SUBTITLES")
		a.quoted("GROUP-ID", subtitleGroup)
		a.quoted("NAME", names[i])
		if language := languageTag(s.Language); language != "" {
			a.quoted("LANGUAGE", language)
		}
		a.yes("DEFAULT", s.Default && !hasDefault)
		alike := [3]any{languageTag(s.Language), s.describesSounds(), s.Forced}
		a.yes("AUTOSELECT", s.Default && !hasDefault || !chosen[alike])
		hasDefault, chosen[alike] = hasDefault || s.Default, true
		if s.Forced {
			a.yes("FORCED", true)
		}
		if s.describesSounds() {
			a.quoted("CHARACTERISTICS", soundsDescribed)
		}
		a.quoted("URI", s.revision+"/"+s.name+"/index.m3u8")
		dst = append(dst, "#EXT-X-MEDIA:"...)
		dst = append(dst, a.text...)
		dst = append(dst, '\n')
	}
	return dst
}

// textRate is what subtitles take in bits a second, if it is not known: more than
// people can read.
const textRate = 2000

// textRateOf is what the largest of them takes.
func textRateOf(list []*subtitle) bitrate {
	var most bitrate
	for _, s := range list {
		most.peak = max(most.peak, s.rate)
	}
	return most
}

// subtitleNames returns a name for each: its own, else its language, else one of ours.
func subtitleNames(list []*subtitle) []string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = firstName(s.Label, s.Language, "Subtitles")
	}
	return unique(names)
}

// subtitleName is what parseTrack reads, for the caption at index i.
func subtitleName(i int) string { return "s" + strconv.Itoa(i+1) }

// subtitlePlaylist returns the media playlist of any subtitles: it is cut where
// the picture is, at these times.
func subtitlePlaylist(times []int64, all shared) []byte {
	var b strings.Builder
	b.WriteString(playlistHead + "#EXT-X-TARGETDURATION:" + strconv.FormatInt(all.target, 10) + all.kind())
	for i := 1; i < len(times); i++ {
		b.WriteString("#EXTINF:")
		b.Write(appendSeconds(nil, times[i]-times[i-1]))
		b.WriteString(",\n" + strconv.Itoa(i-1) + ".vtt\n")
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return []byte(b.String())
}
