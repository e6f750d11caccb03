package ffmpeg

import "context"

// Tools are an ffmpeg and the ffprobe beside it, and what they can do. They do not
// change.
type Tools struct {
	FFmpeg  string // path
	FFprobe string // path
	Version string // as it says, such as "5.1.9-0+deb12u1" or "N-117000-g1a2b3c4"
	// Major is the release, told by libavutil where the version is that of a
	// snapshot; 0 if neither tells.
	Major int

	parts map[Part]bool
}

// A Kind of part.
type Kind string

// The kinds of parts that are asked for.
const (
	Encoder Kind = "encoder"
	Decoder Kind = "decoder"
	Filter  Kind = "filter"
	Muxer   Kind = "muxer"
	Demuxer Kind = "demuxer"
)

// A Part of ffmpeg by the name that it goes by on the command line, such as
// {Encoder, "libx264"}.
type Part struct {
	Kind Kind
	Name string
}

func (p Part) String() string { return string(p.Kind) + " " + p.Name }

// Has says whether the part is there.
func (t *Tools) Has(k Kind, name string) bool { return t.parts[Part{k, name}] }

// Need returns nil if all parts are there, else an *IncompleteError.
func (t *Tools) Need(parts ...Part) error { panic("not yet") }

// Find looks for ffmpeg: at path if that is not empty, else where the environment
// variable STREAMGATE_FFMPEG points, else on the PATH; and for ffprobe in the same
// folder, else on the PATH. Both are started to tell their version and parts, which
// takes some half a second. The error is a *MissingError, or that of ctx.
func Find(ctx context.Context, path string) (*Tools, error) { panic("not yet") }
