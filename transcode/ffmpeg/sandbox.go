package ffmpeg

// Sandbox is what the system enforces.
type Sandbox struct {
	// Landlock is the version of the kernel's interface, 0 where there is none:
	// from 1 files are guarded, from 4 TCP, from 6 signals.
	Landlock int
	Seccomp  bool   // no sockets, no tracing, no other namespaces
	Rlimits  bool   // CPU time, address space and file sizes
	Missing  string // what is not in force and why, in a sentence; "" if all is
}

// A sandbox is what Sandbox tells, and what the programs may read in it.
type sandbox struct {
	state Sandbox
	read  []string
}
