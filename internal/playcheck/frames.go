package playcheck

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// decoded is what comes out of a decoder for one stream.
type decoded struct {
	frames  []unit // times in seconds, hashes of the picture or of the samples
	shape   string // dimensions, or channel layout and rate
	tick    float64
	pcm     []byte // interleaved samples of an audio stream
	stride  int    // bytes of one sample of all channels
	samples int
}

// decode runs the streams of input through ffmpeg as a player does: edit list
// and rotation applied, no frame dropped or doubled for the sake of a rate.
func decode(ctx context.Context, dir, name, input string, streams []*stream) ([]*decoded, run) {
	args := []string{"-y", "-nostdin", "-copyts"}
	for i, s := range streams {
		stem := filepath.Join(dir, fmt.Sprintf("%s-%d", name, i))
		from := []string{"-map", "0:" + strconv.Itoa(s.Index)}
		if s.Type == "video" {
			args = append(append(args, from...), "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "framehash", "-hash", "murmur3", stem+".frames")
			continue
		}
		format := s.pcm()
		args = append(append(args, from...), "-c:a", "pcm_"+format, "-f", "framehash", "-hash", "murmur3", stem+".frames")
		args = append(append(args, from...), "-c:a", "pcm_"+format, "-f", format, stem+".pcm")
	}
	r := call(ctx, dir, "ffmpeg", input, args...)
	all := make([]*decoded, 0, len(streams))
	for i, s := range streams {
		d, err := s.readDecoded(filepath.Join(dir, fmt.Sprintf("%s-%d", name, i)))
		if err != nil && r.err == nil {
			r.err = err
		}
		all = append(all, d)
	}
	return all, r
}

// pcm is the sample format in which nothing of the decoder's output is lost,
// but for those that decode to floating point, where 16 bits must do.
func (s *stream) pcm() string {
	if strings.HasPrefix(s.Format, "s32") {
		return "s32le"
	}
	return "s16le"
}

func (s *stream) readDecoded(stem string) (*decoded, error) {
	text, err := os.ReadFile(stem + ".frames")
	if err != nil {
		return &decoded{}, fmt.Errorf("reading the decoded frames: %w", err)
	}
	d := &decoded{tick: s.tick(), stride: 1}
	if s.Type == "audio" {
		if d.pcm, err = os.ReadFile(stem + ".pcm"); err != nil {
			return d, fmt.Errorf("reading the decoded samples: %w", err)
		}
		d.stride = 2 * max(1, s.Channels)
		if s.pcm() == "s32le" {
			d.stride *= 2
		}
		d.samples = len(d.pcm) / d.stride
	}
	return d, d.parse(string(text))
}

// parse reads the output of ffmpeg's framehash format, version 2.
func (d *decoded) parse(text string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if head, ok := strings.CutPrefix(line, "#"); ok {
			d.header(head)
			continue
		}
		u, err := d.frame(strings.Split(line, ","))
		if err != nil {
			return fmt.Errorf("frame line %q: %w", line, err)
		}
		d.frames = append(d.frames, u)
	}
	return nil
}

func (d *decoded) header(line string) {
	key, value, _ := strings.Cut(line, ": ")
	switch strings.Fields(key + " .")[0] {
	case "tb":
		d.tick = ratio(value, d.tick)
	case "dimensions", "sample_rate", "channel_layout_name", "channel_layout":
		d.shape = strings.TrimSpace(d.shape + " " + value)
	}
}

func (d *decoded) frame(fields []string) (unit, error) {
	if len(fields) < 6 {
		return unit{}, fmt.Errorf("%d fields, not 6", len(fields))
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	size, err := strconv.Atoi(fields[4])
	if err != nil {
		return unit{}, fmt.Errorf("size: %w", err)
	}
	u := unit{key: fields[4] + "/" + fields[5], samples: size / d.stride}
	pts, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return u, nil //nolint:nilerr // a frame without a time
	}
	u.at, u.timed = float64(pts)*d.tick, pts >= 0
	if length, err := strconv.ParseInt(fields[3], 10, 64); err == nil {
		u.hidden = pts < 0 && pts+length <= 0
	}
	return u, nil
}

// present drops what is decoded of a source before its presentation begins.
func (d *decoded) present() {
	for len(d.frames) > 0 && d.frames[0].hidden {
		if n := d.frames[0].samples * d.stride; d.pcm != nil {
			d.pcm = d.pcm[n:]
			d.samples -= d.frames[0].samples
		}
		d.frames = d.frames[1:]
	}
}
