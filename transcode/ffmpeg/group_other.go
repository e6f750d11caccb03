//go:build !unix

package ffmpeg

import "os/exec"

// group leaves it at the process: there are no groups to kill here.
func group(*exec.Cmd) {}
