package ffmpeg

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
	path  string // that was configured, "" where none was
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

// Need returns nil if all parts are there, else an *IncompleteError with those that
// are not.
func (t *Tools) Need(parts ...Part) error {
	var missing []Part
	for _, p := range parts {
		if !t.parts[p] {
			missing = append(missing, p)
		}
	}
	if missing == nil {
		return nil
	}
	return &IncompleteError{Path: t.FFmpeg, Version: t.Version, Missing: missing, Install: install(t.path)}
}
