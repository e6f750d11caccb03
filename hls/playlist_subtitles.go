package hls

import (
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/metadata"
)

// subtitleGroup is the GROUP-ID of all subtitles.
const subtitleGroup = "subtitles"

// soundsDescribed are the characteristics of captions for who cannot hear: RFC
// 8216bis §4.4.6.1.
const soundsDescribed = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"

// appendSubtitles appends an EXT-X-MEDIA tag for each of an asset's captions.
func appendSubtitles(dst []byte, list []*subtitle) []byte {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = firstName(s.Label, s.Language, "Subtitles")
	}
	unique(names)
	chosen := false
	for i, s := range list {
		var a attributes
		a.enumerated("TYPE", "SUBTITLES")
		a.quoted("GROUP-ID", subtitleGroup)
		a.quoted("NAME", names[i])
		if language := languageTag(s.Language); language != "" {
			a.quoted("LANGUAGE", language)
		}
		a.yes("DEFAULT", s.Default && !chosen)
		chosen = chosen || s.Default
		a.yes("AUTOSELECT", true) // there is one of each language
		if s.Forced {
			a.yes("FORCED", true)
		}
		if s.Kind == metadata.SpokenAndSounds {
			a.quoted("CHARACTERISTICS", soundsDescribed)
		}
		a.quoted("URI", s.revision+"/"+subtitleName(i)+"/index.m3u8")
		dst = append(dst, "#EXT-X-MEDIA:"...)
		dst = append(dst, a.text...)
		dst = append(dst, '\n')
	}
	return dst
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
