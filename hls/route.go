package hls

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/media"
)

// A resource is one kind of thing that lies below a presentation. What comes
// later is a line here, one in parseTrackFile, segments or splitPath, one in
// player.serve, or in Server.answer for what only assets have, and one in the
// Gate's route table.
type resource int

const (
	multivariant resource = iota + 1
	mediaPlaylist
	initialization
	mediaSegment
	dashManifest
	iframePlaylist
	iframeSegment
	download
	original
	settledSource
	subtitleSegment
	tiledImage
	transportMultivariant
	transportPlaylist
	transportSegment
	subtitleFile
	noSubtitles
	contentKey
	keyLicense
	posterImage
)

// subtitleFileName is a track of subtitles as one file, for players of DASH.
const subtitleFileName = "all.vtt"

// subtitleKind is that of subtitles beside the file, which are in no media.Index.
const subtitleKind media.Kind = "text"

const multivariantName = "master.m3u8"

// A target is what the end of a path names within a presentation.
type target struct {
	what     resource
	revision string // as it stands in the path; "" for what finds it
	kind     media.Kind
	track    int // Track.ID or Text.ID; of subtitles beside the file their place in Asset.Captions, from 1
	segment  int
	key      KeyID
	keepAs   string // what a file as it came is called, which does not stand in the path; and what a poster is called there

	came *mediaFile // the source as it came, where another file plays in its stead
	gone bool       // and it is not kept
}

// splitPath takes an escaped path apart: the name of the presentation, still
// escaped and without slashes around it, and what is wanted of it. Everything
// but the one spelling that the playlists use is refused, so that two spellings
// can never get different answers from whatever stands in front of this handler.
func splitPath(path string) (name string, t target, ok bool) {
	path, ok = strings.CutPrefix(path, "/")
	if !ok {
		return "", target{}, false
	}
	rest, file, ok := cutLast(path)
	if !ok {
		return "", target{}, false
	}
	switch file {
	case multivariantName:
		return rest, target{what: multivariant}, rest != ""
	case manifestName:
		return rest, target{what: dashManifest}, rest != ""
	case transportName:
		return rest, target{what: transportMultivariant}, rest != ""
	case downloadName:
		return rest, target{what: download}, rest != ""
	case licenseName:
		return rest, target{what: keyLicense}, rest != ""
	case sourceName:
		name, revision, ok := cutLast(rest)
		return name, target{what: original, revision: revision}, ok && name != "" && revision != ""
	case posterJPEG, posterPNG:
		name, revision, ok := cutLast(rest)
		return name, target{what: posterImage, revision: revision, keepAs: file}, ok && name != "" && revision != ""
	case settledName:
		name, revision, ok := cutLast(rest)
		return name, target{what: settledSource, revision: revision}, ok && name != "" && revision != ""
	}
	rest, track, ok := cutLast(rest)
	if !ok {
		return "", target{}, false
	}
	name, revision, ok := cutLast(rest)
	if !ok || name == "" || revision == "" {
		return "", target{}, false
	}
	if track == keysName {
		id, ok := parseKeyID(file)
		return name, target{what: contentKey, revision: revision, key: id}, ok
	}
	t, ok = parseTrackFile(file)
	if !ok {
		return "", target{}, false
	}
	t.revision = revision
	t.kind, t.track, ok = parseTrack(track)
	return name, t, ok
}

func cutLast(path string) (before, after string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// parseTrackFile reads the last part of a path below a track.
func parseTrackFile(file string) (target, bool) {
	switch file {
	case "index.m3u8":
		return target{what: mediaPlaylist}, true
	case "init.mp4":
		return target{what: initialization}, true
	case iframesName:
		return target{what: iframePlaylist}, true
	case transportIndex:
		return target{what: transportPlaylist}, true
	case subtitleFileName:
		return target{what: subtitleFile}, true
	case noneName:
		return target{what: noSubtitles}, true
	}
	number, extension, _ := strings.Cut(file, ".")
	if period, found := strings.CutPrefix(number, initPrefix); found && extension == "mp4" {
		n, ok := parseNumber(period)
		return target{what: initialization, segment: n}, ok && n > 0
	}
	what, ok := segments[extension]
	if picture, found := strings.CutPrefix(number, iframePrefix); found && what == mediaSegment {
		what, number = iframeSegment, picture
	}
	n, isNumber := parseNumber(number)
	return target{what: what, segment: n}, ok && isNumber
}

// segments are what ends so.
var segments = map[string]resource{"vtt": subtitleSegment, "m4s": mediaSegment, "ts": transportSegment, "jpg": tiledImage}

// parseKeyID reads what KeyID.String writes.
func parseKeyID(s string) (id KeyID, ok bool) {
	if len(s) != 2*len(id) || strings.Trim(s, "0123456789abcdef") != "" {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil
}

// parseTrack reads a track's name, such as v1, a2, s1, t3 or p1.
func parseTrack(name string) (media.Kind, int, bool) {
	if name == "" {
		return "", 0, false
	}
	id, ok := parseNumber(name[1:])
	switch {
	case !ok:
		return "", 0, false
	case name[0] == 'v':
		return media.Video, id, true
	case name[0] == 'a':
		return media.Audio, id, true
	case name[0] == 's':
		return subtitleKind, id, true
	case name[0] == 't':
		return embeddedKind, id, true
	case name[0] == 'p':
		return imageKind, id, true
	}
	return "", 0, false
}

// trackName is what parseTrack reads.
func trackName(t *media.Track) string {
	letter := "a"
	if t.Kind == media.Video {
		letter = "v"
	}
	return letter + strconv.Itoa(t.ID)
}

// maxDigits keeps every number within 32 bits or nearly: enough for a track ID.
const maxDigits = 10

// parseNumber reads a decimal number in its only canonical spelling: digits, no
// sign, no zero in front.
func parseNumber(s string) (int, bool) {
	if s == "" || len(s) > maxDigits || (s[0] == '0' && len(s) > 1) {
		return 0, false
	}
	n := int64(0)
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return int(n), int64(int(n)) == n
}
