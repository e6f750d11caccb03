package playcheck

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Require skips the test when ffmpeg or ffprobe is missing; where CI is set it
// fails instead, so that a check is never left out by accident.
func Require(t testing.TB) {
	t.Helper()
	for _, tool := range []string{"ffmpeg", "ffprobe"} {
		if _, err := exec.LookPath(tool); err != nil {
			Missing(t, "%s is not installed; `apt-get install ffmpeg` brings it", tool)
		}
	}
}

// Missing skips the test for want of something; where CI is set it fails.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// run is one call of a tool: what it wrote, and what it complained of.
type run struct {
	out        []byte
	complaints []string
	err        error
}

// toolTime bounds one call of ffmpeg or ffprobe.
const toolTime = 3 * time.Minute

// call runs a tool in dir on input. The tools are told to write warnings only,
// each with its level in brackets.
func call(ctx context.Context, dir, tool, input string, args ...string) run {
	ctx, cancel := context.WithTimeout(ctx, toolTime)
	defer cancel()
	c := exec.CommandContext(ctx, tool, append([]string{"-hide_banner", "-v", "level+warning", "-i", input}, args...)...)
	c.Dir = dir
	c.WaitDelay = time.Second
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if err != nil {
		err = fmt.Errorf("%s of %s: %w: %s", tool, input, err, lastLine(errs.String()))
	}
	return run{out: out.Bytes(), complaints: complaints(strings.ReplaceAll(errs.String(), input, "INPUT")), err: err}
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

var (
	address = regexp.MustCompile(` @ 0x[0-9a-f]+`)
	number  = regexp.MustCompile(`-?[0-9]+(\.[0-9]+)?`)
)

// complaints makes the lines of a log comparable between two runs: addresses
// and numbers differ, and so does who passes on the words (a demuxer's name).
func complaints(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(address.ReplaceAllString(line, ""))
		if line == "" || strings.Contains(line, "Last message repeated") {
			continue
		}
		lines = append(lines, number.ReplaceAllString(line, "N"))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// newComplaints are those of the playlist which the source does not raise.
func newComplaints(source, playlist []string) []string {
	known := map[string]bool{}
	for _, line := range source {
		known[message(line)] = true
	}
	var fresh []string
	for _, line := range playlist {
		if !known[message(line)] && !harmless(line) {
			fresh = append(fresh, line)
		}
	}
	return fresh
}

var prefix = regexp.MustCompile(`^(\[[^\]]*\] ?)+`)

// message is a complaint without who made it and at which level.
func message(line string) string { return prefix.ReplaceAllString(line, "") }

// harmless are words that ffmpeg has for every fragmented MP4, its own included:
// without an index it learns how far H.264 pictures are reordered as it decodes;
// and for every playlist with subtitles, which it leaves out.
func harmless(line string) bool {
	return strings.Contains(line, "Increasing reorder buffer") || strings.Contains(line, "Can't support the subtitle")
}
