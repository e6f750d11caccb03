package main

import (
	"os/exec"
	"strings"
	"testing"
)

const (
	clipSeconds = 12.0
	clipWidth   = 640
	clipHeight  = 360
)

// clip is an MP4 of 12 seconds, H.264 with B-frames and AAC.
func clip(t *testing.T) string {
	t.Helper()
	return byFFmpeg(t, "Ünïcode & friends.mp4",
		"-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30:duration=12",
		"-f", "lavfi", "-i", "sine=frequency=440:duration=12",
		"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "60", "-pix_fmt", "yuv420p",
		"-c:a", "aac")
}

// hevcClip is an MP4 of HEVC and AAC.
func hevcClip(t *testing.T) string {
	t.Helper()
	encoders, err := exec.CommandContext(t.Context(), tool(t, "ffmpeg"), "-v", "error", "-encoders").Output()
	if err != nil || !strings.Contains(string(encoders), "libx265") {
		missing(t, "this ffmpeg has no libx265; make test installs one that has")
	}
	return byFFmpeg(t, "hevc.mp4",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=2", "-f", "lavfi", "-i", "sine=duration=2",
		"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1", "-pix_fmt", "yuv420p",
		"-c:a", "aac")
}
