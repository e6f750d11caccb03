package transcode

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// MeasureCommand measures how loud a stream of sound is; ParseLoudness reads what
// ffmpeg logs at its end.
func (p *Plan) MeasureCommand(in ffmpeg.Input, t Track) *ffmpeg.Command {
	filter := layout(t.Mix) + ",ebur128=peak=true:framelog=verbose"
	return &ffmpeg.Command{
		Inputs: with(in, "-vn", "-sn", "-dn"), Length: p.source.Duration, Verbose: true,
		Outputs: []ffmpeg.Output{{Args: []string{"-map", streamOf(t.Stream), "-af", filter}}},
	}
}

// AudioCommand copies or encodes a stream of sound, whole: chunks of sound would be
// heard where they meet. measured is how loud it is, see MeasureCommand; nil leaves it
// as it is. The file is called by Track.File.
//
// What is measured is corrected by one gain for the whole stream, no more than the
// peak leaves room for. A compressor such as loudnorm in its dynamic mode would reach
// the target always, and change what somebody mixed.
func (p *Plan) AudioCommand(in ffmpeg.Input, t Track, measured *Loudness) *ffmpeg.Command {
	args := append([]string{"-map", streamOf(t.Stream)}, p.coding(&t, measured)...)
	when := "+empty_moov"
	if t.Copy {
		when = "+delay_moov" // the first packet of a transport stream says how it is coded
	}
	return &ffmpeg.Command{
		Args: timed(), Inputs: with(in, append(p.begin(), "-vn", "-sn", "-dn")...), Length: p.source.Duration,
		Outputs: []ffmpeg.Output{{Name: t.File(), Args: append(args, fragments("-movflags", when, "-frag_duration", "2000000")...)}},
	}
}

// File is what a command calls the file of a stream of sound.
func (t *Track) File() string { return fmt.Sprintf("sound-%d.mp4", t.Stream) }

// coding is how a stream of sound becomes.
func (p *Plan) coding(t *Track, measured *Loudness) []string {
	if t.Copy {
		return []string{"-c:a", "copy", "-bsf:a", "aac_adtstoasc"}
	}
	// gaps are filled, and what overlaps is left out: the clock is the picture's
	filter := "aresample=async=1:min_hard_comp=0.05," + layout(t.Mix)
	if p.source.Format == "avi" {
		filter = counted + filter
	}
	if gain := p.profile.gain(measured); gain != 0 {
		filter += fmt.Sprintf(",volume=%.2fdB", gain)
	}
	return []string{"-af", filter, "-c:a", soundEncoders[t.Codec], "-b:a", bits(t.Bitrate), "-ar", strconv.Itoa(t.Hz)}
}

// counted has sound begin when it does, and each sample follow the one before it. AVI
// has no times: ffmpeg works them out from rates in its headers, which are wrong in many
// a file, above all of MP3 with a rate of bits that varies.
const counted = "asetpts=STARTPTS+N/SR/TB,"

// layout mixes to so many channels.
func layout(channels int) string {
	return "aformat=channel_layouts=" + map[int]string{1: "mono", 2: "stereo", 6: "5.1"}[channels]
}

const (
	silence = -70 // LUFS: what EBU R 128 takes for none
	slightG = 0.1 // dB that nobody hears
)

// gain is by how many dB sound is made louder, or softer.
func (p *Profile) gain(m *Loudness) float64 {
	if m == nil || m.Integrated <= silence {
		return 0
	}
	g := p.Loudness.Integrated - m.Integrated
	if g > 0 {
		g = max(min(g, p.Loudness.Peak-m.Peak), 0)
	}
	if math.Abs(g) < slightG {
		return 0
	}
	return g
}

var (
	integrated = regexp.MustCompile(`(?m)^\s+I:\s+(-?[0-9.]+|-inf) LUFS`)
	truePeak   = regexp.MustCompile(`(?m)^\s+Peak:\s+(-?[0-9.]+|-inf) dBFS`)
)

// ParseLoudness reads the summary that the filter ebur128 of ffmpeg writes to the
// standard error; ErrOutput where there is none.
func ParseLoudness(text []byte) (Loudness, error) {
	i, peak := last(integrated, text), last(truePeak, text)
	if math.IsNaN(i) || math.IsNaN(peak) {
		return Loudness{}, problem.Errorf(ErrOutput, "ffmpeg does not say how loud the sound is")
	}
	return Loudness{Integrated: i, Peak: peak}, nil
}

// last is the number of the last match, NaN where there is none.
func last(re *regexp.Regexp, text []byte) float64 {
	all := re.FindAllSubmatch(text, -1)
	if len(all) == 0 {
		return math.NaN()
	}
	s := string(all[len(all)-1][1])
	if s == "-inf" {
		return -math.MaxFloat32
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// RemuxCommand puts what plays into another container, and encodes the sound that
// does not: one MP4 with its description in front. measured has the loudness of the
// tracks of Plan.Audio, or is shorter.
//
// Rungs beside it are made of the new file, which seeks by an index and says when each
// picture shows: give its Source, which plays, to Ladder. CutsOf its index are where
// they need key frames.
func (p *Plan) RemuxCommand(in ffmpeg.Input, measured []*Loudness) *ffmpeg.Command {
	cmd := &ffmpeg.Command{Inputs: with(in, "-sn", "-dn"), Length: p.source.Duration}
	if slices.Contains(unordered, p.source.Format) {
		cmd.Inputs[0].Args = append(cmd.Inputs[0].Args, "-fflags", "+genpts")
	}
	p.remux(cmd, 0, measured)
	return cmd
}

// RemuxTimedCommand is RemuxCommand for a source that does not say when its pictures
// show: they are in a file of their own, of which Source.Video speaks.
func (p *Plan) RemuxTimedCommand(in, pictures ffmpeg.Input, measured []*Loudness) *ffmpeg.Command {
	cmd := &ffmpeg.Command{Inputs: with(pictures, "-itsoffset", stamp(p.source.Video.Start)), Length: p.source.Duration}
	if len(p.Audio) > 0 {
		cmd.Inputs = append(with(in, "-vn", "-sn", "-dn"), cmd.Inputs...)
	}
	p.remux(cmd, len(cmd.Inputs)-1, measured)
	return cmd
}

// remux writes what the inputs of a command have, with pictures from one of them, and
// sound from the first.
func (p *Plan) remux(cmd *ffmpeg.Command, pictures int, measured []*Loudness) {
	var args []string
	if v := p.source.Video; v != nil {
		args = append(args, "-map", fmt.Sprintf("%d:%d", pictures, v.Stream), "-c:v", "copy")
		if e := encoders[Codec(v.Codec)]; e != nil {
			args = append(args, "-tag:v", e.tag)
		}
	}
	for i := range p.Audio {
		var m *Loudness
		if i < len(measured) {
			m = measured[i]
		}
		t := &p.Audio[i]
		args = append(append(args, "-map", streamOf(t.Stream)), numbered(p.coding(t, m), i)...)
		args = append(args, fmt.Sprintf("-metadata:s:a:%d", i), "language="+letters(t.Language))
	}
	args = append(args, "-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart", "-f", "mp4")
	cmd.Outputs = []ffmpeg.Output{{Name: RemuxFile, Args: args}}
}

// RemuxFile is what RemuxCommand calls its file.
const RemuxFile = "remux.mp4"

// numbered makes options of sound those of output stream i of sound.
func numbered(options []string, i int) []string {
	for n := 0; n < len(options); n += 2 {
		switch options[n] {
		case "-af":
			options[n] = fmt.Sprintf("-filter:a:%d", i)
		case "-ar":
			options[n] = fmt.Sprintf("-ar:a:%d", i)
		default:
			options[n] = fmt.Sprintf("%s:%d", options[n], i)
		}
	}
	return options
}

// letters is a language as MP4 has it: three letters, or und.
func letters(language string) string {
	if len(language) != 3 {
		return "und"
	}
	for _, c := range language {
		if c < 'a' || c > 'z' {
			return "und"
		}
	}
	return language
}
