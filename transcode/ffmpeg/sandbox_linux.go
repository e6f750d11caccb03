package ffmpeg

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// detectSandbox finds out what the kernel can do.
func detectSandbox(read []string) sandbox {
	s := Sandbox{Landlock: landlockVersion(), Seccomp: seccompWorks(), Rlimits: true}
	var missing []string
	switch {
	case s.Landlock == 0:
		missing = append(missing, "this kernel has no Landlock, or it is switched off: what files a program opens is left to its whitelists")
	case s.Landlock < 4:
		missing = append(missing, "Landlock of this kernel does not guard TCP")
	}
	if !s.Seccomp {
		missing = append(missing, "there is no filter of system calls for this kernel or processor: a program may open sockets")
	}
	s.Missing = strings.Join(missing, "; ")
	return sandbox{state: s, read: read}
}

// landlockVersion is 0 where there is none.
func landlockVersion() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// scopesSignals says whether threads under LANDLOCK_SCOPE_SIGNAL may still signal
// those of their own process, which the Go runtime does: first kernels had it
// wrong, and say by their errata (number 2) that they have it right.
func scopesSignals() bool {
	errata, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_ERRATA)
	return errno == 0 && errata&(1<<1) != 0
}

// seccompWorks asks whether filters may answer with an error.
func seccompWorks() bool {
	action := uint32(unix.SECCOMP_RET_ERRNO)
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	return errno == 0 && auditArch != 0
}
