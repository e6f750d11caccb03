// Package testclip gives tests a small video to upload.
package testclip

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// fromCorpus is used where ffmpeg is not: H.264 and AAC, five seconds.
const fromCorpus = "androidx_mp4_midroll-5s.mp4"

var made = sync.OnceValues(makeClip)

// MP4 returns a progressive MP4 of two seconds with H.264 and AAC, made by
// ffmpeg, or one of the corpus where there is no ffmpeg.
func MP4(t testing.TB) []byte {
	t.Helper()
	if clip, err := made(); err == nil {
		return clip
	}
	clip, err := os.ReadFile(filepath.Join(corpus(), fromCorpus))
	if err == nil {
		return clip
	}
	const missing = "no video to test with: install ffmpeg (with libx264), or set STREAMGATE_CORPUS to the folder of the media corpus"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return nil
}

func makeClip() ([]byte, error) {
	dir, err := os.MkdirTemp("", "testclip")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "clip.mp4")
	cmd := exec.CommandContext(context.Background(), "ffmpeg", "-v", "error",
		"-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac", name)
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(name)
}
