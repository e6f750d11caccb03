package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	clipSeconds = 12.0
	clipWidth   = 640
	clipHeight  = 360
)

var clips struct {
	sync.Once
	dir, path string
	err       error
	output    []byte
}

// clip returns an MP4 of 12 seconds, H.264 with B-frames and AAC, made once.
func clip(t *testing.T) string {
	t.Helper()
	ffmpeg := tool(t, "ffmpeg")
	clips.Do(func() {
		if clips.dir, clips.err = os.MkdirTemp("", "streamgate-clip"); clips.err != nil { //nolint:usetesting // it outlives the test: TestMain removes it
			return
		}
		clips.path = filepath.Join(clips.dir, "Ünïcode & friends.mp4")
		clips.output, clips.err = exec.CommandContext(t.Context(), ffmpeg, "-v", "error",
			"-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30:duration=12",
			"-f", "lavfi", "-i", "sine=frequency=440:duration=12",
			"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "60", "-pix_fmt", "yuv420p",
			"-c:a", "aac", clips.path).CombinedOutput()
	})
	if clips.err != nil {
		t.Fatalf("making the clip: %v\n%s", clips.err, clips.output)
	}
	return clips.path
}

// hevcClip returns an MP4 of HEVC and AAC.
func hevcClip(t *testing.T) string {
	t.Helper()
	ffmpeg := tool(t, "ffmpeg")
	encoders, err := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-encoders").Output()
	if err != nil || !strings.Contains(string(encoders), "libx265") {
		missing(t, "this ffmpeg has no libx265; make test installs one that has")
	}
	path := filepath.Join(t.TempDir(), "hevc.mp4")
	out, err := exec.CommandContext(t.Context(), ffmpeg, "-v", "error",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=2", "-f", "lavfi", "-i", "sine=duration=2",
		"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1", "-pix_fmt", "yuv420p",
		"-c:a", "aac", path).CombinedOutput()
	if err != nil {
		t.Fatalf("making the clip: %v\n%s", err, out)
	}
	return path
}
