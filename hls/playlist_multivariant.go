package hls

import (
	"slices"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/media"
)

// multivariant returns the multivariant playlist (RFC 8216bis §4.4.6) with these
// subtitles and those within a file: a variant for each video track with each group
// of audio tracks, or one for each audio group where there is no video. All have the
// same subtitles. URIs are relative to it and begin with the revision of a file,
// those of subtitles beside it with one of their own.
func (p *presentation) multivariant(subtitles []*subtitle) []byte {
	all := p.shared()
	videos := p.ladder()
	subtitles = p.texts().with(subtitles)
	groups := audioGroups(p.of(media.Audio), all.target)

	dst := []byte(playlistHead)
	if all.independent {
		dst = append(dst, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	dst = p.appendSessionKeys(dst)
	if all.open { // else players begin where the file ends now, as with a live stream
		dst = append(dst, "#EXT-X-START:TIME-OFFSET=0\n"...)
	}
	for _, g := range groups {
		if len(videos) > 0 || len(g.members) > 1 {
			dst = g.appendMedia(dst)
		}
	}
	dst = appendSubtitles(dst, subtitles)
	captions := p.closedCaptions()
	dst = captions.appendMedia(dst)
	subtitled := len(subtitles) > 0
	for _, v := range videos {
		rate := v.rate.plus(textRateOf(subtitles))
		for _, g := range groups {
			dst = appendVariant(dst, v.prepared, g, rate.plus(g.rate), subtitled, captions)
		}
		if len(groups) == 0 {
			dst = appendVariant(dst, v.prepared, nil, rate, subtitled, captions)
		}
	}
	if len(videos) == 0 {
		for _, g := range groups {
			dst = appendVariant(dst, nil, g, g.rate.plus(textRateOf(subtitles)), subtitled, captions)
		}
	}
	return p.appendIFrameStreams(dst)
}

// appendVariant appends EXT-X-STREAM-INF and its URI: of the video, or, without
// one, of the group's default track.
func appendVariant(dst []byte, v *prepared, g *audioGroup, rate bitrate, subtitled bool, captions *closedCaptions) []byte {
	var a attributes
	a.integer("BANDWIDTH", rate.peak)
	a.integer("AVERAGE-BANDWIDTH", rate.average)
	a.quoted("CODECS", strings.Join(codecs(v, g), ","))
	if v != nil && v.Supplemental != "" {
		a.quoted("SUPPLEMENTAL-CODECS", v.Supplemental)
	}
	played := v
	if v != nil {
		a.picture(v.Track)
	} else {
		played = g.members[g.preferred]
	}
	if g != nil && (v != nil || len(g.members) > 1) {
		a.quoted("AUDIO", g.id)
	}
	if subtitled {
		a.quoted("SUBTITLES", subtitleGroup)
	}
	captions.appendTo(&a)
	dst = append(dst, "#EXT-X-STREAM-INF:"...)
	dst = append(dst, a.text...)
	dst = append(dst, '\n')
	return append(append(dst, played.playlistURI()...), '\n')
}

// codecs lists each format once that a variant has in any rendition: all that a
// player needs (RFC 8216bis §6.2.4).
func codecs(v *prepared, g *audioGroup) []string {
	var tracks []*prepared
	if v != nil {
		tracks = append(tracks, v)
	}
	if g != nil {
		tracks = append(tracks, g.members...)
	}
	var list []string
	for _, t := range tracks {
		for _, codec := range append([]string{t.Codec}, t.Further...) {
			if !slices.Contains(list, codec) {
				list = append(list, codec)
			}
		}
	}
	return list
}

// picture adds what is known of a video.
func (a *attributes) picture(v *media.Track) {
	a.size(v)
	if v.FrameRate > 0 && v.FrameRate < 10_000 {
		a.enumerated("FRAME-RATE", strconv.FormatFloat(v.FrameRate, 'f', 3, 64))
	}
	a.videoRange(v)
}

func (a *attributes) size(v *media.Track) {
	if v.Width > 0 && v.Height > 0 {
		a.enumerated("RESOLUTION", strconv.Itoa(v.Width)+"x"+strconv.Itoa(v.Height))
	}
}

func (a *attributes) videoRange(v *media.Track) {
	switch v.Range {
	case "SDR", "PQ", "HLG":
		a.enumerated("VIDEO-RANGE", v.Range)
	}
}

func (t *prepared) playlistURI() string { return t.folder + "index.m3u8" }
