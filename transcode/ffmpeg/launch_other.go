//go:build !linux

package ffmpeg

import (
	"os"
	"os/exec"
)

// A launch starts a program. Of its limits only those hold that are watched from here.
type launch struct {
	cmd      *exec.Cmd
	box      *sandbox
	files    []*os.File
	dir      string
	hardware Hardware
	limits   Limits
	nice     int
}

func (l *launch) start() error { return l.cmd.Start() }

func (l *launch) wait() error { return l.cmd.Wait() }
