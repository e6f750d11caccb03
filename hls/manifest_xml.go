package hls

import "encoding/xml"

// The elements of a manifest, their attributes and children in the order of the
// schema (ISO/IEC 23009-1 annex B).

type mpd struct {
	XMLName    xml.Name    `xml:"urn:mpeg:dash:schema:mpd:2011 MPD"`
	CENC       string      `xml:"xmlns:cenc,attr,omitempty"`
	DASHIF     string      `xml:"xmlns:dashif,attr,omitempty"`
	Profiles   string      `xml:"profiles,attr"`
	Type       string      `xml:"type,attr"`
	Duration   string      `xml:"mediaPresentationDuration,attr"`
	MinBuffer  string      `xml:"minBufferTime,attr"`
	MaxSegment string      `xml:"maxSegmentDuration,attr"`
	Period     []mpdPeriod `xml:"Period"`
}

type mpdPeriod struct {
	ID    string          `xml:"id,attr"`
	Start string          `xml:"start,attr"`
	Sets  []adaptationSet `xml:"AdaptationSet"`
}

type adaptationSet struct {
	ID              int              `xml:"id,attr"`
	ContentType     string           `xml:"contentType,attr"`
	Lang            string           `xml:"lang,attr,omitempty"`
	MimeType        string           `xml:"mimeType,attr"`
	StartWithSAP    int              `xml:"startWithSAP,attr,omitempty"`
	Aligned         bool             `xml:"segmentAlignment,attr,omitempty"`
	Channels        *descriptor      `xml:"AudioChannelConfiguration"`
	Protections     []protectedBy    `xml:"ContentProtection"`
	Supplemental    []descriptor     `xml:"SupplementalProperty"`
	Label           string           `xml:"Label,omitempty"`
	Accessibility   *descriptor      `xml:"Accessibility"`
	Role            *descriptor      `xml:"Role"`
	Representations []representation `xml:"Representation"`
}

type descriptor struct {
	Scheme string `xml:"schemeIdUri,attr"`
	Value  string `xml:"value,attr"`
}

type representation struct {
	ID           string           `xml:"id,attr"`
	Bandwidth    int64            `xml:"bandwidth,attr"`
	Codecs       string           `xml:"codecs,attr,omitempty"`
	Width        int              `xml:"width,attr,omitempty"`
	Height       int              `xml:"height,attr,omitempty"`
	Sar          string           `xml:"sar,attr,omitempty"`
	FrameRate    string           `xml:"frameRate,attr,omitempty"`
	SamplingRate int              `xml:"audioSamplingRate,attr,omitempty"`
	Essential    *descriptor      `xml:"EssentialProperty"`
	Protections  []protectedBy    `xml:"ContentProtection"`
	BaseURL      string           `xml:"BaseURL,omitempty"` // of what is one file
	Template     *segmentTemplate `xml:"SegmentTemplate"`
}

type segmentTemplate struct {
	Timescale      uint32         `xml:"timescale,attr"`
	Offset         uint64         `xml:"presentationTimeOffset,attr,omitempty"`
	StartNumber    string         `xml:"startNumber,attr"`
	Initialization string         `xml:"initialization,attr,omitempty"`
	Media          string         `xml:"media,attr"`
	Timeline       []timelineSpan `xml:"SegmentTimeline>S"`
}

// A timelineSpan is one segment, and Repeat more of the same duration.
type timelineSpan struct {
	Time     *uint64 `xml:"t,attr"` // where it does not follow from what is before
	Duration uint64  `xml:"d,attr"`
	Repeat   int     `xml:"r,attr,omitempty"`
}
