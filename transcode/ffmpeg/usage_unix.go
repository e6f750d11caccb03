//go:build unix

package ffmpeg

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// usage is what a process took.
type usage struct {
	cpu    time.Duration // user and system
	memory int64         // the most that was resident, in bytes
}

func usageOf(p *os.ProcessState) usage {
	u := usage{cpu: p.UserTime() + p.SystemTime()}
	if ru, ok := p.SysUsage().(*syscall.Rusage); ok {
		u.memory = int64(ru.Maxrss) //nolint:unconvert // it has another size elsewhere
		if runtime.GOOS != "darwin" {
			u.memory <<= 10
		}
	}
	return u
}

// signalOf is the name of the signal that ended a process, or "".
func signalOf(p *os.ProcessState) string {
	if ws, ok := p.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal().String()
	}
	return ""
}
