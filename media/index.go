package media

// Kind is what a track is for.
type Kind string

// The kinds of tracks.
const (
	Video Kind = "video"
	Audio Kind = "audio"
)

// Index is all that is needed to serve a file as segments: its tracks, how each
// is cut, and, in blocks that are read when they are wanted, where the samples
// lie. Edit lists, priming and composition offsets are resolved in it. An Index
// does not change once it is made and may be used concurrently.
//
// Times are in ticks of the track's timescale. The presentation begins at
// Track.Origin on the decode timeline of every track: the same instant for all
// of them, chosen so that no decode time is negative.
type Index struct {
	Duration float64 // of the presentation, in seconds
	Size     int64   // of the source, in bytes
	Cut      Cut     // how the tracks were cut
	Tracks   []*Track
	Texts    []*Text // subtitles that are in the file

	// Bound is what no segment lasts longer than, in whole seconds, where that is
	// known from the beginning of the file: of one in fragments. Else 0.
	Bound int64

	blocks    *blocks
	fragments bool // it came in fragments, or may; see grow.go. It is not known of one that was read
}

// Cut says how tracks are cut into segments.
type Cut struct {
	Target float64 // the length of a segment that is aimed at, in seconds; default DefaultTarget
}

// Track is one track as it is presented.
type Track struct {
	ID        int // in the source
	Kind      Kind
	Codec     string   // RFC 6381, such as "avc1.64001f"
	Further   []string // codecs of sample entries after the first, where they differ
	Language  string   // BCP 47; "" when it is not known
	Name      string   // as the source names it; hostile text
	Default   bool     // plays unless the viewer chooses otherwise
	Timescale uint32   // ticks a second
	Width     int      // as displayed: after rotation and pixel aspect ratio, in pixels
	Height    int
	FrameRate float64 // frames a second, on average
	Range     string  // of the video: "SDR", "PQ", "HLG" or "" when it is not known
	// Supplemental names an enhancement of the video that a player may leave out,
	// as SUPPLEMENTAL-CODECS of HLS has it, such as "dvh1.08.07/db4h"; "" for none.
	Supplemental string
	Channels     int
	Objects      int // of E-AC-3 with joint object coding (Dolby Atmos), at most; 0 is none
	SampleRate   int // Hz

	// Characteristics are media characteristic tags, such as
	// "public.accessibility.describes-video".
	Characteristics []string

	Origin      uint64 // the presentation's beginning on the decode timeline
	Duration    uint64 // of the presented part
	Independent bool   // every segment begins with a sync sample
	// Open says that a segment shows pictures before its first sync sample (an open
	// group of pictures): these depend on the segment before.
	Open bool `json:",omitempty"` //nolint:tagliatelle // named as the others
	// Held is how much earlier than the source says the first picture shows, so that
	// it is there when sound begins; see held.go.
	Held    uint64 `json:",omitempty"` //nolint:tagliatelle // named as the others
	Layout  Layout
	Matrix  [9]int32  // of the tkhd box: rotation and mirroring
	Coded   [2]uint32 // width and height for the tkhd box: as displayed, before rotation; 16.16 fixed point
	Entries [][]byte  // sample entries, complete boxes for the stsd box
	// Sets are NAL units, after their lengths, that go before the first sample of a
	// segment, by its entry; nil for tracks that are coded in one way throughout.
	Sets     [][]byte
	Segments []Segment
	// Prefix is what each sample begins with and the source has once for all of them
	// (header stripping of Matroska): its bytes, and then those at the sample's Offset.
	Prefix Prefix
}

// Prefix says where the first bytes of all samples of a track lie.
type Prefix struct {
	Offset int64 // in the source
	Size   int   // 0 is none
}

// Layout says which fields of a sample vary within a track and so stand in
// every trun box of it. The size always does.
type Layout struct {
	Durations bool   // else each sample lasts Duration
	Duration  uint32 // the common duration, where there is one
	Flags     bool   // else each sample is a sync sample
	Offsets   bool   // composition offsets; else each is 0
	Negative  bool   `json:",omitempty"` //nolint:tagliatelle // some composition offsets are; named as the others

	// Steady says that samples last Duration, but where decoding makes up for the
	// order in which pictures show: see early.go. Durations is set then, too.
	Steady bool `json:",omitempty"` //nolint:tagliatelle // as Negative

	// Lowered is what decode times were moved by, in ticks, to make no composition
	// offset negative, of a file in fragments. It is part of the revision: what comes
	// may need more, and is another presentation then.
	Lowered int64 `json:",omitempty"` //nolint:tagliatelle // as Negative
}

// Segment is one segment of a track.
type Segment struct {
	Decode   uint64 // decode time of the first sample (tfdt)
	Start    int64  // presentation time of the earliest sample, from the presentation's beginning; may be negative by a priming
	Duration uint64 // until the next segment's Start
	Bytes    int64  // of the samples
	Samples  int
	Entry    int // which of Track.Entries, from 0
}

// InBand is what goes before the first sample of a segment, as a part of it:
// parameter sets, which some players take from there alone when they change.
func (t *Track) InBand(s *Segment) []byte {
	if s.Entry < 0 || s.Entry >= len(t.Sets) {
		return nil
	}
	return t.Sets[s.Entry]
}

// Sample is one sample of a segment, in decode order.
type Sample struct {
	Offset   int64  // in the source
	Size     uint32 // with Track.Prefix
	Duration uint32
	Shift    int32 // composition offset
	Sync     bool
}
