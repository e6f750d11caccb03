package ffmpeg

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
)

// arguments puts the command line together. What keeps the run from harm stands
// behind what the command asks for, so that it counts.
func (c *Command) arguments(opened []string, l Limits, threads int) []string {
	level := "level+warning"
	if c.Verbose {
		level = "level+info"
	}
	n := strconv.Itoa(threads)
	args := []string{
		"-nostdin", "-hide_banner", "-y", "-loglevel", level, "-nostats",
		"-progress", "pipe:1", "-stats_period", "0.25",
		"-filter_threads", n, "-filter_complex_threads", n,
	}
	args = append(args, c.Args...)
	for i, in := range c.Inputs {
		args = append(append(args, "-threads", n), in.Args...)
		if in.Graph != "" {
			args = append(args, "-f", "lavfi", "-i", in.Graph)
			continue
		}
		args = append(args, guards(in, l)...)
		args = append(args, "-i", opened[i])
	}
	for _, out := range c.Outputs {
		args = append(append(args, "-threads", n), out.Args...)
		if out.Name == "" {
			args = append(args, "-f", "null", "-")
			continue
		}
		args = append(args, "file:"+out.Name)
	}
	return args
}

// guards are what an untrusted file is read with.
func guards(in Input, l Limits) []string {
	demuxer := demuxers[in.Type]
	return append([]string{
		"-protocol_whitelist", "file,pipe", "-format_whitelist", demuxer, "-f", demuxer,
		"-max_pixels", strconv.FormatInt(min(l.Pixels, math.MaxInt32), 10),
		"-max_streams", strconv.Itoa(min(l.Streams, 32767)),
	}, demuxerOptions[demuxer]...)
}

// check refuses what cannot be run, before anything is opened.
func (c *Command) check() error {
	switch {
	case len(c.Inputs) == 0:
		return fmt.Errorf("ffmpeg: no input: %w", ErrCommand)
	case len(c.Outputs) == 0:
		return fmt.Errorf("ffmpeg: no output: %w", ErrCommand)
	}
	for _, in := range c.Inputs {
		if err := in.check(); err != nil {
			return err
		}
	}
	for _, out := range c.Outputs {
		if out.Name != "" && (!filepath.IsLocal(out.Name) || out.Name != filepath.Base(out.Name) || strings.HasPrefix(out.Name, "-")) {
			return fmt.Errorf("ffmpeg: %q is no name of a file in the run's directory: %w", out.Name, ErrCommand)
		}
	}
	return nil
}

func (in *Input) check() error {
	given := 0
	for _, is := range []bool{in.File != nil, in.Path != "", in.Graph != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		return fmt.Errorf("ffmpeg: an input is one of File, Path and Graph: %w", ErrCommand)
	}
	if in.Graph == "" && demuxers[in.Type] == "" {
		return fmt.Errorf("ffmpeg: a file of type %q: %w", in.Type, ErrType)
	}
	return nil
}
