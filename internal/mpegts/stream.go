package mpegts

import (
	"fmt"

	"github.com/streamgate/streamgate/media"
)

// A Stream is how the samples of a track are carried.
type Stream struct {
	kind        byte // stream_type (ISO/IEC 13818-1 table 2-34)
	id          byte // stream_id
	pid         uint16
	descriptors []byte
	timescale   uint32
	video       *nals   // how video is rewritten; else nil
	entries     []entry // parallel to the track's
	frame       uint32  // how long a frame of audio lasts, in ticks of the track; 0 is not known
}

// entry is what the samples of one sample entry get.
type entry struct {
	sets     []byte // parameter sets, as a byte stream
	nalBytes int    // of the length before a NAL unit
	adts     *adts  // nil for what needs no header
}

// The stream types that are written. Those of Dolby are by ATSC A/52 and Apple.
const (
	typeMPEG1 = 0x03
	typeMPEG2 = 0x04
	typeADTS  = 0x0f
	typeAVC   = 0x1b
	typeHEVC  = 0x24
	typeAC3   = 0x81
	typeEAC3  = 0x87
)

const (
	videoID   = 0xe0
	audioID   = 0xc0
	privateID = 0xbd
)

// NewStream returns how a track is carried, or why a transport stream, or what
// reads one, cannot carry it.
func NewStream(t *media.Track) (*Stream, error) {
	s := &Stream{pid: audioPID, id: audioID, timescale: t.Timescale}
	format := ""
	for i := range t.Entries {
		c := t.Coding(i)
		if i > 0 && c.Format != format {
			return nil, fmt.Errorf("it changes from one codec to another")
		}
		format = c.Format
		e, err := s.entry(t, c)
		if err != nil {
			return nil, err
		}
		s.entries = append(s.entries, e)
	}
	if len(s.entries) == 0 {
		return nil, fmt.Errorf("nothing says how it is coded")
	}
	return s, nil
}

func (s *Stream) entry(t *media.Track, c media.Coding) (e entry, err error) {
	switch c.Format {
	case "avc":
		s.kind, s.id, s.pid, s.video = typeAVC, videoID, videoPID, &avc
		e.sets, e.nalBytes, err = avcSets(c.Config)
	case "hevc":
		s.kind, s.id, s.pid, s.video = typeHEVC, videoID, videoPID, &hevc
		s.descriptors = registration("HEVC")
		e.sets, e.nalBytes, err = hevcSets(c.Config)
	case "aac":
		s.kind = typeADTS
		e.adts, err = newADTS(c.Config)
		s.lasts(t, 1024)
	case "mp3":
		if s.kind = typeMPEG1; t.SampleRate < 32000 {
			s.kind = typeMPEG2
			s.lasts(t, 576)
		} else {
			s.lasts(t, 1152)
		}
	case "ac-3":
		s.kind, s.id, s.descriptors = typeAC3, privateID, registration("AC-3")
		s.lasts(t, 1536)
	case "ec-3":
		s.kind, s.id, s.descriptors = typeEAC3, privateID, registration("EAC3")
		s.lasts(t, 1536)
	default:
		err = fmt.Errorf("%s is not carried in a transport stream", t.Codec)
	}
	return e, err
}

// lasts notes how long a frame of so many samples lasts, where that is as many
// ticks as the track says.
func (s *Stream) lasts(t *media.Track, samples int) {
	if t.Layout.Duration == 0 || t.SampleRate <= 0 {
		return
	}
	ticks := (int64(samples)*int64(t.Timescale) + int64(t.SampleRate)/2) / int64(t.SampleRate)
	for _, is := range []int64{ticks, 2 * ticks} { // with SBR the rate is twice that of the frames
		if d := int64(t.Layout.Duration); d >= is-1 && d <= is+1 {
			s.frame = t.Layout.Duration
		}
	}
}
