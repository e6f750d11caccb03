//go:build !linux

package ffmpeg

import "runtime"

func detectSandbox(read []string) sandbox {
	return sandbox{read: read, state: Sandbox{
		Missing: runtime.GOOS + " has no Landlock, no seccomp and no prlimit: files, network, CPU time and memory are guarded by the command line and the clock alone",
	}}
}
