package media

import (
	"context"
	"io"
)

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

	blocks *blocks
}

// Cut says how tracks are cut into segments.
type Cut struct {
	Target float64 // the length of a segment that is aimed at, in seconds; default 6
}

// Track is one track as it is presented.
type Track struct {
	ID         int // in the source
	Kind       Kind
	Codec      string // RFC 6381, such as "avc1.64001f"
	Language   string // BCP 47; "" when it is not known
	Name       string // as the source names it; hostile text
	Default    bool   // plays unless the viewer chooses otherwise
	Timescale  uint32 // ticks a second
	Width      int    // as displayed: after rotation and pixel aspect ratio, in pixels
	Height     int
	FrameRate  float64 // frames a second, on average
	Range      string  // of the video: "SDR", "PQ", "HLG" or "" when it is not known
	Channels   int
	SampleRate int // Hz

	Origin      uint64 // the presentation's beginning on the decode timeline
	Duration    uint64 // of the presented part
	Independent bool   // every segment begins with a sync sample
	Layout      Layout
	Matrix      [9]int32 // of the tkhd box: rotation and mirroring
	Coded       [2]int   // width and height for the tkhd box, 16.16 fixed point
	Entries     [][]byte // sample entries, complete boxes for the stsd box
	Preroll     int      // samples that a decoder needs before it is right; for the sgpd box
	Segments    []Segment
}

// Layout says which fields of a sample vary within a track and so stand in
// every trun box of it. The size always does.
type Layout struct {
	Durations bool   // else each sample lasts Duration
	Duration  uint32 // the common duration, where there is one
	Flags     bool   // else each sample is a sync sample
	Offsets   bool   // composition offsets; else each is 0
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

// Sample is one sample of a segment, in decode order.
type Sample struct {
	Offset   int64 // in the source
	Size     uint32
	Duration uint32
	Shift    int32 // composition offset
	Sync     bool
}

// Parse reads what is in a file and returns its index, blocks included. The
// source is read through r, never beyond size.
//
// Errors match ErrInvalid, ErrEncrypted, ErrNoMedia or ErrUnsupported; anything
// else is an error of r.
func Parse(ctx context.Context, r io.ReaderAt, size int64, o *Options) (*Index, error) {
	panic("being written")
}

// Options for Parse.
type Options struct {
	Cut Cut // how to cut; default Cut{Target: 6}
}

// Read returns the index that WriteTo wrote. Only its head is read now, of
// which it keeps no reference to r; blocks are read by Samples.
func Read(r io.ReaderAt, size int64) (*Index, error) { panic("being written") }

// WriteTo writes the index: a head with everything but the samples, then the
// blocks, each with a checksum. It needs an Index that Parse returned.
func (ix *Index) WriteTo(w io.Writer) (int64, error) { panic("being written") }

// Samples appends the samples of a segment to dst. The index is read from r
// when it came from Read; r may be nil for one that came from Parse.
func (ix *Index) Samples(dst []Sample, r io.ReaderAt, track, segment int) ([]Sample, error) {
	panic("being written")
}

// Revision returns a short name for what is played from this index: it changes
// with the source (named by id, such as its SHA-256), the cuts, the
// presentation and the version of the packager.
func (ix *Index) Revision(id string) string { panic("being written") }

// Memory is about how many bytes the index takes in memory.
func (ix *Index) Memory() int64 { panic("being written") }

type blocks struct{}
