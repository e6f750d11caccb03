package hlsrules

// scope is where a tag may stand.
type scope int

const (
	anywhere   scope = iota
	inMedia          // of the media playlist: at most once
	ofSegment        // of media segments
	ofMetadata       // of the media playlist, any number
	inMultivariant
)

// form is what follows the colon of a tag.
type form int

const (
	nothing form = iota
	integer
	list  // attributes
	other // a form of its own, which a rule of its own checks
)

// tag is one of the tags of §4.4.
type tag struct {
	section    string
	scope      scope
	form       form
	once       bool
	attributes map[string]kind
	required   []string
}

var tags = map[string]tag{
	"EXTM3U":        {section: "4.4.1.1", once: true},
	"EXT-X-VERSION": {section: "4.4.1.2", form: integer, once: true},

	"EXT-X-INDEPENDENT-SEGMENTS": {section: "4.4.2.1", once: true},
	"EXT-X-START":                {section: "4.4.2.2", form: list, once: true, attributes: map[string]kind{"TIME-OFFSET": signed, "PRECISE": yesNo}, required: []string{"TIME-OFFSET"}},
	"EXT-X-DEFINE":               {section: "4.4.2.3", form: list, attributes: map[string]kind{"NAME": variable, "VALUE": quotedEmpty, "IMPORT": variable, "QUERYPARAM": variable}},

	"EXT-X-TARGETDURATION":         {section: "4.4.3.1", scope: inMedia, form: integer, once: true},
	"EXT-X-MEDIA-SEQUENCE":         {section: "4.4.3.2", scope: inMedia, form: integer, once: true},
	"EXT-X-DISCONTINUITY-SEQUENCE": {section: "4.4.3.3", scope: inMedia, form: integer, once: true},
	"EXT-X-ENDLIST":                {section: "4.4.3.4", scope: inMedia, once: true},
	"EXT-X-PLAYLIST-TYPE":          {section: "4.4.3.5", scope: inMedia, form: other, once: true},
	"EXT-X-I-FRAMES-ONLY":          {section: "4.4.3.6", scope: inMedia, once: true},
	"EXT-X-PART-INF":               {section: "4.4.3.7", scope: inMedia, form: list, once: true, attributes: map[string]kind{"PART-TARGET": float}, required: []string{"PART-TARGET"}},
	"EXT-X-SERVER-CONTROL": {section: "4.4.3.8", scope: inMedia, form: list, once: true, attributes: map[string]kind{
		"CAN-SKIP-UNTIL": float, "CAN-SKIP-DATERANGES": yes, "HOLD-BACK": float, "PART-HOLD-BACK": float, "CAN-BLOCK-RELOAD": yes,
	}},

	"EXTINF":                  {section: "4.4.4.1", scope: ofSegment, form: other},
	"EXT-X-BYTERANGE":         {section: "4.4.4.2", scope: ofSegment, form: other},
	"EXT-X-DISCONTINUITY":     {section: "4.4.4.3", scope: ofSegment},
	"EXT-X-KEY":               {section: "4.4.4.4", scope: ofSegment, form: list, attributes: keyAttributes, required: []string{"METHOD"}},
	"EXT-X-MAP":               {section: "4.4.4.5", scope: ofSegment, form: list, attributes: map[string]kind{"URI": address, "BYTERANGE": rangeAt}, required: []string{"URI"}},
	"EXT-X-PROGRAM-DATE-TIME": {section: "4.4.4.6", scope: ofSegment, form: other},
	"EXT-X-GAP":               {section: "4.4.4.7", scope: ofSegment},
	"EXT-X-BITRATE":           {section: "4.4.4.8", scope: ofSegment, form: integer},
	"EXT-X-PART": {section: "4.4.4.9", scope: ofSegment, form: list, attributes: map[string]kind{
		"URI": address, "DURATION": float, "INDEPENDENT": yes, "BYTERANGE": quoted, "GAP": yes,
	}, required: []string{"URI", "DURATION"}},

	"EXT-X-DATERANGE": {section: "4.4.5.1", scope: ofMetadata, form: list, attributes: map[string]kind{
		"ID": quoted, "CLASS": quoted, "START-DATE": date, "CUE": cues, "END-DATE": date, "DURATION": float, "PLANNED-DURATION": float,
		"SCTE35-CMD": hex, "SCTE35-OUT": hex, "SCTE35-IN": hex, "END-ON-NEXT": yes,
	}, required: []string{"ID"}},
	"EXT-X-SKIP":             {section: "4.4.5.2", scope: ofMetadata, form: list, once: true, attributes: map[string]kind{"SKIPPED-SEGMENTS": decimal, "RECENTLY-REMOVED-DATERANGES": quotedEmpty}, required: []string{"SKIPPED-SEGMENTS"}},
	"EXT-X-PRELOAD-HINT":     {section: "4.4.5.3", scope: ofMetadata, form: list, attributes: map[string]kind{"TYPE": enum("PART", "MAP"), "URI": address, "BYTERANGE-START": decimal, "BYTERANGE-LENGTH": decimal}, required: []string{"TYPE", "URI"}},
	"EXT-X-RENDITION-REPORT": {section: "4.4.5.4", scope: ofMetadata, form: list, attributes: map[string]kind{"URI": address, "LAST-MSN": decimal, "LAST-PART": decimal}},

	"EXT-X-MEDIA": {section: "4.4.6.1", scope: inMultivariant, form: list, attributes: map[string]kind{
		"TYPE": enum("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"), "URI": address, "GROUP-ID": quoted, "LANGUAGE": language, "ASSOC-LANGUAGE": language,
		"NAME": quoted, "STABLE-RENDITION-ID": stable, "DEFAULT": yesNo, "AUTOSELECT": yesNo, "FORCED": yesNo, "INSTREAM-ID": quoted,
		"BIT-DEPTH": decimal, "SAMPLE-RATE": decimal, "CHARACTERISTICS": quoted, "CHANNELS": channels,
	}, required: []string{"TYPE", "GROUP-ID", "NAME"}},
	"EXT-X-STREAM-INF":         {section: "4.4.6.2", scope: inMultivariant, form: list, attributes: streamAttributes, required: []string{"BANDWIDTH"}},
	"EXT-X-I-FRAME-STREAM-INF": {section: "4.4.6.3", scope: inMultivariant, form: list, attributes: iFrameAttributes(), required: []string{"BANDWIDTH", "URI"}},
	"EXT-X-SESSION-DATA":       {section: "4.4.6.4", scope: inMultivariant, form: list, attributes: map[string]kind{"DATA-ID": quoted, "VALUE": quoted, "URI": address, "FORMAT": enum("JSON", "RAW"), "LANGUAGE": language}, required: []string{"DATA-ID"}},
	"EXT-X-SESSION-KEY":        {section: "4.4.6.5", scope: inMultivariant, form: list, attributes: keyAttributes, required: []string{"METHOD"}},
	"EXT-X-CONTENT-STEERING":   {section: "4.4.6.6", scope: inMultivariant, form: list, once: true, attributes: map[string]kind{"SERVER-URI": address, "PATHWAY-ID": quoted}, required: []string{"SERVER-URI"}},
}

var keyAttributes = map[string]kind{
	"METHOD": enum("NONE", "AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR", "AES-256-GCM"), "URI": address, "IV": hex, "KEYFORMAT": quoted, "KEYFORMATVERSIONS": versions,
}

var streamAttributes = map[string]kind{
	"BANDWIDTH": decimal, "AVERAGE-BANDWIDTH": decimal, "SCORE": float, "CODECS": quoted, "SUPPLEMENTAL-CODECS": quoted, "RESOLUTION": resolution,
	"FRAME-RATE": float, "HDCP-LEVEL": enum("TYPE-0", "TYPE-1", "NONE"), "ALLOWED-CPC": quoted, "VIDEO-RANGE": enum("SDR", "HLG", "PQ"),
	"REQ-VIDEO-LAYOUT": quoted, "STABLE-VARIANT-ID": stable, "AUDIO": quoted, "VIDEO": quoted, "SUBTITLES": quoted,
	"CLOSED-CAPTIONS": quotedOrNone, "PATHWAY-ID": quoted,
}

// iFrameAttributes are those of EXT-X-STREAM-INF but for some, and the URI.
func iFrameAttributes() map[string]kind {
	m := map[string]kind{"URI": address}
	for name, k := range streamAttributes {
		switch name {
		case "FRAME-RATE", "AUDIO", "SUBTITLES", "CLOSED-CAPTIONS":
		default:
			m[name] = k
		}
	}
	return m
}
