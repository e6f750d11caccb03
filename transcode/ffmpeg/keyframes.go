package ffmpeg

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// mostKeyFrames is that of a day in which every picture is one, at 60 a second.
const mostKeyFrames = 24 * 3600 * 60

// Times are what the packets of a stream say of when they are shown.
type Times struct {
	Keys []time.Duration // when key frames are shown, sorted
	// Jumps are how often a packet is decoded ten seconds or more after, or at any time
	// before, the one that stands before it, as where recordings are glued together.
	Jumps int

	Pictures int           // packets that say when they are shown
	End      time.Duration // when the last one is over; as far as the file tells
	Last     time.Duration // for how long the last one is shown; 0 where the file does not tell
	Even     bool          // all are shown for as long as each other
}

// KeyFrames returns when the key frames of a stream (by its index in the file) are
// shown: see Times.
func (r *Runner) KeyFrames(ctx context.Context, in Input, stream int) ([]time.Duration, error) {
	t, err := r.Times(ctx, in, stream)
	return t.Keys, err
}

// Times tells of a stream (by its index in the file), as the file's own timestamps have
// it: those of Source.Start. It has ffprobe read the file through, and decodes nothing.
// Errors are those of Run.
func (r *Runner) Times(ctx context.Context, in Input, stream int) (Times, error) {
	k := &keyFrames{}
	args := []string{
		"-select_streams", strconv.Itoa(stream), "-show_entries", "packet=pts_time,dts_time,duration_time,flags", "-print_format", "csv=print_section=0",
	}
	err := r.probe(ctx, in, Limits{Output: probeLimits.Output}, args, func(p *process) {
		p.stdout, p.progress = k, k.lines.Load
	})
	if err != nil {
		return Times{}, err
	}
	slices.Sort(k.times)
	k.Keys = slices.Compact(k.times)
	return k.Times, nil
}

// keyFrames reads lines such as "0.080000,0.000000,0.040000,K__", of which a time may
// be N/A.
type keyFrames struct {
	Times

	lines atomic.Int64
	line  []byte
	times []time.Duration
	last  time.Duration // of decoding
	begun bool

	length time.Duration // of the first picture
}

func (k *keyFrames) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		k.line = append(k.line, line[:min(len(line), longestLine-len(k.line))]...)
		if whole {
			k.read(string(k.line))
			k.line = k.line[:0]
		}
		rest = after
	}
	return len(p), nil
}

func (k *keyFrames) read(line string) {
	k.lines.Add(1)
	f := strings.Split(strings.TrimSpace(line), ",")
	if len(f) < 4 {
		return
	}
	k.follow(f[1])
	k.extend(f[0], f[2])
	if !strings.HasPrefix(f[3], "K") || len(k.times) >= mostKeyFrames {
		return
	}
	at := f[0]
	if at == "N/A" || at == "" {
		at = f[1]
	}
	if _, err := strconv.ParseFloat(at, 64); err == nil {
		k.times = append(k.times, scalar(at).seconds())
	}
}

// farOff is from when on a step of time is a jump: what ffmpeg itself takes for one.
const farOff = 10 * time.Second

// follow compares when a packet is decoded with the one before.
func (k *keyFrames) follow(decoded string) {
	if _, err := strconv.ParseFloat(decoded, 64); err != nil {
		return
	}
	at := scalar(decoded).seconds()
	if step := at - k.last; k.begun && (step < 0 || step >= farOff) {
		k.Jumps++
	}
	k.last, k.begun = at, true
}

// extend counts a picture, and notes when the last is over.
func (k *keyFrames) extend(shown, lasts string) {
	if _, err := strconv.ParseFloat(shown, 64); err != nil {
		return
	}
	at, length := scalar(shown).seconds(), max(scalar(lasts).seconds(), 0)
	k.Even = k.Pictures == 0 || k.Even && (length-k.length).Abs() <= time.Microsecond
	if k.Pictures++; k.Pictures == 1 {
		k.length = length
	}
	if end := at + length; k.Pictures == 1 || end > k.End {
		k.End, k.Last = end, length
	}
}
