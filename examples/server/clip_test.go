package main

import (
	"os"
	"os/exec"
	"path/filepath"
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
