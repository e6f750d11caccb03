package ffmpeg

import (
	"os/exec"
	"syscall"
)

// group makes the process the first of a group, which is killed as a whole, and
// which does not survive us.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
