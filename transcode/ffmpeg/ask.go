package ffmpeg

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// ask starts ffmpeg to be told its version and parts.
func (t *Tools) ask(ctx context.Context) error {
	text, err := answer(ctx, t.FFmpeg, "-version")
	if err != nil {
		return err
	}
	if t.Version, t.Major = parseVersion(text); t.Version == "" {
		return fmt.Errorf("%s -version answers nothing that ffmpeg would say", t.FFmpeg)
	}
	if tooOld(t.Version) {
		return fmt.Errorf("%s is release %s, and %d.%d is the oldest that will do", t.FFmpeg, t.Version, oldestMajor, oldestMinor)
	}
	t.parts = make(map[Part]bool)
	for _, list := range []string{"-encoders", "-decoders", "-filters", "-formats"} {
		text, err := answer(ctx, t.FFmpeg, "-hide_banner", list)
		if err != nil {
			return err
		}
		parseParts(list, text, t.parts)
	}
	return nil
}

// answer is what a program prints. It does not get our environment, either.
func answer(ctx context.Context, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askTimeout, fmt.Errorf("no answer for %v", askTimeout))
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"LC_ALL=C"}
	cmd.WaitDelay = waitForPipes // a wrapper may leave something behind that holds them
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		said := clean(log.String())
		return "", fmt.Errorf("%s %s: %w %s", path, strings.Join(args, " "), err, said[max(0, len(said)-longestLine):])
	}
	return out.String(), nil
}

// parseVersion reads "ffmpeg version 5.1.9-0+deb12u1 Copyright …" and, for
// snapshots, the line of libavutil: its version was 54 with release 2.8, 55 with 3,
// and one more with each since.
func parseVersion(text string) (version string, major int) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case len(f) > 2 && f[0] == "ffmpeg" && f[1] == "version":
			version = f[2]
			number, _, _ := strings.Cut(strings.TrimPrefix(version, "n"), ".")
			major, _ = strconv.Atoi(number) // a snapshot has no number
		case len(f) > 1 && f[0] == "libavutil" && major == 0:
			number, _ := strconv.Atoi(strings.TrimSuffix(f[1], "."))
			major = max(0, number-52)
		}
	}
	return version, major
}

// The oldest release with all options that runs are given (-stats_period).
const oldestMajor, oldestMinor = 4, 4

// tooOld says whether a version is that of a release before the oldest. One that is
// no number is that of a snapshot, and passes.
func tooOld(version string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(strings.TrimPrefix(version, "n"), "%d.%d", &major, &minor); n == 0 {
		return false
	}
	return major < oldestMajor || major == oldestMajor && minor < oldestMinor
}

// parseParts reads one of the lists: a legend, and then lines of flags and a name.
func parseParts(list, text string, into map[Part]bool) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 2 || f[1] == "=" {
			continue
		}
		switch list {
		case "-encoders":
			if isCodec(f[0]) {
				into[Part{Encoder, f[1]}] = true
			}
		case "-decoders":
			if isCodec(f[0]) {
				into[Part{Decoder, f[1]}] = true
			}
		case "-filters":
			if len(f) > 2 && strings.Contains(f[2], "->") {
				into[Part{Filter, f[1]}] = true
			}
		case "-formats":
			addFormat(f, into)
		}
	}
}

// isCodec knows flags such as "V....D".
func isCodec(flags string) bool { return len(flags) == 6 && strings.Trim(flags, "VASFXBD.") == "" }

// addFormat reads "DE mp4 …", "D mov,mp4 …" and, of newer releases, "D d alsa …".
func addFormat(f []string, into map[Part]bool) {
	flags := f[0]
	if f[1] == "d" && len(f) > 2 {
		f = f[1:]
	}
	if strings.Trim(flags, "DEd") != "" {
		return
	}
	for name := range strings.SplitSeq(f[1], ",") {
		if strings.Contains(flags, "D") {
			into[Part{Demuxer, name}] = true
		}
		if strings.Contains(flags, "E") {
			into[Part{Muxer, name}] = true
		}
	}
}
