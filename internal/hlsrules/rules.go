package hlsrules

import (
	"maps"
	"slices"
)

// Rule is one thing that a playlist or its media has to do.
type Rule struct {
	ID      string
	Section string
	Text    string
	Should  bool // SHOULD, or SHOULD NOT, where others MUST
}

// Rules lists the rules that Check holds a presentation against.
func Rules() []Rule { return slices.Clone(rules) }

var rules = slices.Concat(textRules, tagRules(), headRules, segmentRules, mediaRules, groupRules, variantRules, otherRules, bytesRules, togetherRules)

// textRules are about lines and attribute lists as such.
var textRules = []Rule{
	{ID: "available", Section: "6.2.1", Text: "each URI leads to what it names"},
	{ID: "name", Section: "4", Text: "the path of a playlist ends with .m3u8 or .m3u, where no Content-Type is known"},
	{ID: "utf-8", Section: "4.1", Text: "a playlist is UTF-8"},
	{ID: "no-bom", Section: "4.1", Text: "it does not begin with a byte order mark"},
	{ID: "no-control", Section: "4.1", Text: "it has no control characters but those that end lines"},
	{ID: "nfc", Section: "4.1", Text: "its text is normalized (NFC)"},
	{ID: "line-end", Section: "4.1", Text: "a line ends with a line feed, or one after a carriage return"},
	{ID: "whitespace", Section: "4.1", Text: "there is no white space but where it is allowed: in quotes, titles and comments"},
	{ID: "uri", Section: "4.1", Text: "a line that is no tag, comment or blank is a URI"},
	{ID: "known-tag", Section: "4.1", Text: "a tag is one of the draft's", Should: true},
	{ID: "one-kind", Section: "4.4.6", Text: "a playlist has tags of media playlists or of multivariant playlists, not both"},
	{ID: "attribute-list", Section: "4.2", Text: "an attribute list is NAME=value, separated by commas"},
	{ID: "attribute-once", Section: "4.2", Text: "an attribute stands once in its list"},
	{ID: "attribute-known", Section: "4.2", Text: "an attribute is one that the draft defines for its tag, or begins with X-", Should: true},
}

// tagRules are those that follow from the table of tags.
func tagRules() []Rule {
	var all []Rule
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		t := tags[name]
		switch t.form {
		case nothing:
			all = append(all, Rule{ID: name + " form", Section: t.section, Text: "nothing follows it"})
		case integer:
			all = append(all, Rule{ID: name + " form", Section: t.section, Text: "its value is a decimal-integer"})
		case list:
			all = append(all, Rule{ID: name + " form", Section: t.section, Text: "its attributes have the values defined for them"})
		case other:
			all = append(all, Rule{ID: name + " form", Section: t.section, Text: "its value has the form defined for it"})
		}
		if len(t.required) > 0 {
			all = append(all, Rule{ID: name + " required", Section: t.section, Text: "it has the attributes that are required"})
		}
		if t.once {
			all = append(all, Rule{ID: name + " once", Section: t.section, Text: "it stands once in a playlist at most"})
		}
	}
	return all
}

// headRules are about tags that concern a whole playlist.
var headRules = []Rule{
	{ID: "first-line", Section: "4.4.1.1", Text: "EXTM3U is the first line"},
	{ID: "version", Section: "8", Text: "EXT-X-VERSION is as high as what the playlist uses"},
	{ID: "version-low", Section: "6.2.1", Text: "EXT-X-VERSION is no higher than what the playlist uses", Should: true},
	{ID: "removed", Section: "8", Text: "PROGRAM-ID and EXT-X-ALLOW-CACHE are gone since versions 6 and 7"},
	{ID: "independent-twice", Section: "4.4.2.1", Text: "EXT-X-INDEPENDENT-SEGMENTS of the multivariant playlist is not repeated", Should: true},
	{ID: "start-twice", Section: "4.4.2.2", Text: "EXT-X-START of the multivariant playlist is not repeated", Should: true},
	{ID: "start-within", Section: "4.4.2.2", Text: "TIME-OFFSET is no larger than the playlist lasts", Should: true},
	{ID: "define-one", Section: "4.4.2.3", Text: "EXT-X-DEFINE has one of NAME, IMPORT and QUERYPARAM; NAME has a VALUE"},
	{ID: "define-import", Section: "4.4.2.3", Text: "a multivariant playlist imports no variable"},
	{ID: "define-distinct", Section: "4.4.2.3", Text: "a variable is defined once"},
}

// segmentRules are about media segments as their playlist describes them.
var segmentRules = []Rule{
	{ID: "extinf", Section: "4.4.4.1", Text: "each media segment has its EXTINF, and each EXTINF its segment"},
	{ID: "extinf-integer", Section: "4.4.4.1", Text: "durations are integers below version 3"},
	{ID: "byterange-start", Section: "4.4.4.2", Text: "a byte range without an offset follows one of the same resource"},
	{ID: "key-none", Section: "4.4.4.4", Text: "METHOD=NONE has no other attributes"},
	{ID: "key-uri", Section: "4.4.4.4", Text: "a METHOD other than NONE has a URI"},
	{ID: "key-iv", Section: "4.4.4.4", Text: "IV is 128 bits, and not there with SAMPLE-AES-CTR and AES-256-GCM"},
	{ID: "key-size", Section: "5.1", Text: "a key of AES-128 is 16 octets"},
	{ID: "key-padding", Section: "4.4.4.4", Text: "AES-128 encrypts a whole segment, with padding of PKCS7"},
	{ID: "cbcs", Section: "4.4.4.4", Text: "SAMPLE-AES encrypts samples of fMP4 by cbcs"},
	{ID: "map-iv", Section: "4.4.4.5", Text: "an init segment that AES-128 encrypts has its IV"},
	{ID: "map", Section: "3.1.2", Text: "each fMP4 segment has an EXT-X-MAP"},
	{ID: "date-order", Section: "6.2.1", Text: "program dates do not go back"},
	{ID: "bitrate", Section: "4.4.4.8", Text: "EXT-X-BITRATE is within a tenth of the segment's"},
	{ID: "part-inf", Section: "4.4.3.7", Text: "EXT-X-PART-INF is there with EXT-X-PART"},
}

// mediaRules are about a media playlist.
var mediaRules = []Rule{
	{ID: "segments", Section: "4.4.4", Text: "a media playlist on demand has segments"},
	{ID: "target", Section: "4.4.3.1", Text: "EXT-X-TARGETDURATION is there, and at least 1"},
	{ID: "target-bound", Section: "4.4.3.1", Text: "no EXTINF, rounded, is over the target duration"},
	{ID: "sequence-first", Section: "4.4.3.2", Text: "EXT-X-MEDIA-SEQUENCE stands before the first segment"},
	{ID: "discontinuity-first", Section: "4.4.3.3", Text: "EXT-X-DISCONTINUITY-SEQUENCE stands before the first segment and discontinuity"},
	{ID: "endlist", Section: "6.2.1", Text: "a playlist with the last segment has EXT-X-ENDLIST"},
	{ID: "hint-ended", Section: "4.4.5.3", Text: "a playlist with EXT-X-ENDLIST has no EXT-X-PRELOAD-HINT"},
	{ID: "skip-asked", Section: "6.2.5.1", Text: "EXT-X-SKIP is not in a playlist with EXT-X-ENDLIST"},
	{ID: "control", Section: "4.4.3.8", Text: "EXT-X-SERVER-CONTROL holds back enough, and CAN-SKIP-DATERANGES has CAN-SKIP-UNTIL"},
	{ID: "date-range", Section: "4.4.5.1", Text: "a date range begins, ends no earlier, and END-ON-NEXT has a CLASS and no end of its own"},
	{ID: "date-range-dated", Section: "4.4.5.1", Text: "a playlist with date ranges has a program date"},
	{ID: "date-range-same", Section: "4.4.5.1", Text: "date ranges of the same ID agree"},
}

// groupRules are about EXT-X-MEDIA.
var groupRules = []Rule{
	{ID: "captions", Section: "4.4.6.1", Text: "CLOSED-CAPTIONS has INSTREAM-ID, CC1 to CC4 or SERVICE1 to 63, and no URI"},
	{ID: "forced", Section: "4.4.6.1", Text: "FORCED is for SUBTITLES"},
	{ID: "audio-only", Section: "4.4.6.1", Text: "BIT-DEPTH, SAMPLE-RATE and CHANNELS are for AUDIO"},
	{ID: "autoselect", Section: "4.4.6.1", Text: "AUTOSELECT is YES where DEFAULT is"},
	{ID: "channels", Section: "4.4.6.1", Text: "AUDIO has CHANNELS", Should: true},
	{ID: "channels-needed", Section: "4.4.6.1", Text: "renditions of the same NAME and codec that differ in channels say so"},
	{ID: "subtitles-uri", Section: "4.4.6.2.1", Text: "SUBTITLES has a URI"},
	{ID: "name-distinct", Section: "4.4.6.1.1", Text: "the members of a group have different NAMEs"},
	{ID: "default-one", Section: "4.4.6.1.1", Text: "one member of a group is the DEFAULT at most"},
	{ID: "autoselect-distinct", Section: "4.4.6.1.1", Text: "AUTOSELECT members of a group differ in LANGUAGE, ASSOC-LANGUAGE, FORCED and CHARACTERISTICS", Should: true},
	{ID: "same-members", Section: "4.4.6.1.1", Text: "groups of a type have the same members, with the same attributes but for the encoding"},
}

// variantRules are about EXT-X-STREAM-INF and EXT-X-I-FRAME-STREAM-INF.
var variantRules = []Rule{
	{ID: "variants", Section: "4.4.6.2", Text: "there is a variant"},
	{ID: "variant-uri", Section: "4.4.6.2", Text: "a URI line follows EXT-X-STREAM-INF"},
	{ID: "codecs-said", Section: "4.4.6.2", Text: "a variant has CODECS", Should: true},
	{ID: "codecs-form", Section: "4.4.6.2", Text: "CODECS are formats of RFC 6381"},
	{ID: "supplemental", Section: "4.4.6.2", Text: "SUPPLEMENTAL-CODECS are formats with brands, whose base is in CODECS"},
	{ID: "frame-rate", Section: "4.4.6.2", Text: "FRAME-RATE has three decimals at most"},
	{ID: "score", Section: "4.4.6.2", Text: "SCORE is in all variants, or in none", Should: true},
	{ID: "score-positive", Section: "4.4.6.2", Text: "SCORE is positive"},
	{ID: "layout", Section: "4.4.6.2", Text: "REQ-VIDEO-LAYOUT has specifiers that exist, each once in an entry"},
	{ID: "layout-default", Section: "4.4.6.2", Text: "REQ-VIDEO-LAYOUT is not there for what is the default", Should: true},
	{ID: "allowed-cpc", Section: "4.4.6.2", Text: "ALLOWED-CPC is key formats with labels"},
	{ID: "group-there", Section: "4.4.6.2", Text: "AUDIO, VIDEO, SUBTITLES and CLOSED-CAPTIONS name groups that are there"},
	{ID: "captions-none", Section: "4.4.6.2", Text: "CLOSED-CAPTIONS=NONE is in all variants, or in none"},
	{ID: "stable-same", Section: "4.4.6.2", Text: "variants of the same URI have the same STABLE-VARIANT-ID", Should: true},
	{ID: "i-frames", Section: "4.4.6.3", Text: "EXT-X-I-FRAME-STREAM-INF leads to a playlist with EXT-X-I-FRAMES-ONLY"},
	{ID: "bandwidth", Section: "4.4.6.2.1", Text: "no combination of renditions has a peak segment bit rate over BANDWIDTH"},
	{ID: "bandwidth-true", Section: "4.4.6.2", Text: "BANDWIDTH is the largest sum of peak segment bit rates, give or take a tenth"},
	{ID: "average-true", Section: "4.4.6.2", Text: "AVERAGE-BANDWIDTH is the largest sum of averages, give or take a tenth"},
	{ID: "codecs-all", Section: "6.2.4", Text: "CODECS names each format that is in a rendition of the variant"},
	{ID: "codecs-true", Section: "4.4.6.2", Text: "CODECS names no format that is in none"},
	{ID: "resolution-said", Section: "4.4.6.2", Text: "a variant with video has RESOLUTION", Should: true},
	{ID: "resolution-true", Section: "4.4.6.2", Text: "RESOLUTION is the size at which the video is shown"},
	{ID: "frame-rate-said", Section: "4.4.6.2", Text: "a variant over 30 frames a second has FRAME-RATE", Should: true},
	{ID: "frame-rate-true", Section: "4.4.6.2", Text: "FRAME-RATE is that of the video, which has as many frames in its segments"},
	{ID: "range-true", Section: "4.4.6.2", Text: "VIDEO-RANGE is that of the video's transfer characteristics"},
	{ID: "channels-true", Section: "4.4.6.1", Text: "CHANNELS is how many the rendition has"},
	{ID: "sample-rate-true", Section: "4.4.6.1", Text: "SAMPLE-RATE is that of the rendition"},
}

// otherRules are about the other tags of a multivariant playlist.
var otherRules = []Rule{
	{ID: "session-value", Section: "4.4.6.4", Text: "EXT-X-SESSION-DATA has a VALUE or a URI"},
	{ID: "session-distinct", Section: "4.4.6.4", Text: "DATA-ID and LANGUAGE together stand once"},
	{ID: "session-key-none", Section: "4.4.6.5", Text: "EXT-X-SESSION-KEY has another METHOD than NONE"},
	{ID: "session-key-distinct", Section: "4.4.6.5", Text: "a session key stands once"},
	{ID: "session-key-same", Section: "4.4.6.5", Text: "EXT-X-SESSION-KEY says the same as EXT-X-KEY with its URI"},
	{ID: "pathway", Section: "4.4.6.6", Text: "PATHWAY-ID of EXT-X-CONTENT-STEERING is that of a variant"},
}

// bytesRules are about init segments and media segments.
var bytesRules = []Rule{
	{ID: "format", Section: "3.1", Text: "a segment is in a format that the draft knows, and can be read"},
	{ID: "init", Section: "3.1.2", Text: "an init segment is ftyp, compatible with iso6, then moov with mvex"},
	{ID: "init-empty", Section: "3.1.2", Text: "an init segment has no samples, and its movie and tracks no durations"},
	{ID: "tracks-match", Section: "3.1.2", Text: "each track of a segment is in its init segment"},
	{ID: "decode-time", Section: "3.1.2", Text: "each track fragment has tfdt"},
	{ID: "addressing", Section: "3.1.2", Text: "addresses in a segment are relative to its moof, within the segment"},
	{ID: "self-contained", Section: "3.1.2", Text: "there are no external data references"},
	{ID: "continuous", Section: "3", Text: "each segment's decode times go on where the one before ended"},
	{ID: "change-marked", Section: "4.4.4.3", Text: "a change of tracks is marked by EXT-X-DISCONTINUITY"},
	{ID: "duration-true", Section: "3", Text: "EXTINF is how long the segment's samples are shown, within a millisecond"},
	{ID: "decodable", Section: "3", Text: "a segment with video has a sync sample", Should: true},
	{ID: "independent-true", Section: "4.4.2.1", Text: "with EXT-X-INDEPENDENT-SEGMENTS each segment begins with a sync sample"},
	{ID: "transport", Section: "3.1.1", Text: "a transport stream can be read, and begins with the PAT and the PMT of one program"},
	{ID: "counters", Section: "3", Text: "the packets of a transport stream go on counting from one segment to the next"},
	{ID: "webvtt", Section: "3.1.4", Text: "a WebVTT segment begins with its header, or has an EXT-X-MAP"},
	{ID: "webvtt-map", Section: "3.1.4", Text: "X-TIMESTAMP-MAP has a cue time and a timestamp of 33 bits, in either order, and stands in the header"},
	{ID: "webvtt-cues", Section: "3.1.4", Text: "a cue that is in two segments is in all between: each has what shows while it plays"},
}

// togetherRules are about the media playlists of a presentation among each other.
var togetherRules = []Rule{
	{ID: "same-target", Section: "6.2.4", Text: "media playlists have the same target duration, but subtitles and I-frames"},
	{ID: "same-type", Section: "6.2.4", Text: "media playlists have the same EXT-X-PLAYLIST-TYPE"},
	{ID: "same-start", Section: "6.2.4", Text: "media playlists on demand start at the same media time, but for an encoder's delay"},
	{ID: "same-end", Section: "6.2.4", Text: "what only one media playlist has at its end is no longer than the target duration"},
	{ID: "same-discontinuities", Section: "6.2.4", Text: "matching content has the same discontinuity sequence number"},
	{ID: "same-dates", Section: "6.2.4", Text: "all media playlists have program dates, or none"},
	{ID: "same-ranges", Section: "6.2.4", Text: "media playlists with date ranges have the same"},
	{ID: "same-control", Section: "6.2.4", Text: "EXT-X-SERVER-CONTROL is the same in all media playlists"},
	{ID: "aligned", Section: "6.2.1", Text: "where a segment of the video begins, one of the audio begins, within a frame of it", Should: true},
}
