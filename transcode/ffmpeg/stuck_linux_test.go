package ffmpeg_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

func TestAnFFmpegThatIsStoppedIsStuck(t *testing.T) {
	r := shared(t)
	c := endless()
	c.Limits.Stall = time.Second
	stopped := false
	c.Progress = func(p ffmpeg.Progress) {
		for _, pid := range childrenOf(t, os.Getpid()) {
			if p.Frame > 0 && !stopped {
				stopped = syscall.Kill(pid, syscall.SIGSTOP) == nil
			}
		}
	}
	_, err := r.Run(t.Context(), c)
	wantClass(t, err, ffmpeg.Stuck, "no progress for 1s")
	wantNoChildren(t)
}

func TestAnFFmpegThatWaitsForItsInputIsStuck(t *testing.T) {
	r := shared(t)
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	fifo, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	_, err = r.Run(t.Context(), &ffmpeg.Command{
		Inputs:  []ffmpeg.Input{{File: fifo, Type: media.TypeMPEGTS}},
		Outputs: []ffmpeg.Output{{Name: "out.ts"}},
		Limits:  ffmpeg.Limits{Stall: time.Second},
	})
	wantClass(t, err, ffmpeg.Stuck, "no progress for 1s")
	wantNoChildren(t)
}
