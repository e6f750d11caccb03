package metrics

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// ticks is how many of the kernel's clock ticks a second has, in what it tells
// programs (USER_HZ): the same on every architecture that Go runs on.
const ticks = 100

// readSystem asks /proc (proc_pid_stat(5)). What it does not get it leaves out.
func readSystem() map[string]float64 {
	all := make(map[string]float64)
	if text, err := os.ReadFile("/proc/self/stat"); err == nil {
		if s, ok := parseStat(text); ok {
			all["process_cpu_seconds_total"] = float64(s.cpu) / ticks
			all["process_virtual_memory_bytes"] = float64(s.virtual)
			all["process_resident_memory_bytes"] = float64(s.resident) * float64(os.Getpagesize())
			if boot := bootTime(); boot > 0 {
				all["process_start_time_seconds"] = float64(boot) + float64(s.start)/ticks
			}
		}
	}
	if n, ok := openFiles(); ok {
		all["process_open_fds"] = float64(n)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
		all["process_max_fds"] = float64(limit.Cur)
	}
	return all
}

// stat is what is wanted of /proc/self/stat.
type stat struct {
	cpu, start uint64 // ticks
	virtual    uint64 // bytes
	resident   uint64 // pages
}

// parseStat finds the fields by their distance from the name of the program,
// which may have spaces and parentheses in it.
func parseStat(text []byte) (s stat, ok bool) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 22 {
		return s, false
	}
	var user, system uint64
	for i, to := range map[int]*uint64{11: &user, 12: &system, 19: &s.start, 20: &s.virtual, 21: &s.resident} {
		n, err := strconv.ParseUint(string(fields[i]), 10, 64)
		if err != nil {
			return stat{}, false
		}
		*to = n
	}
	s.cpu = user + system
	return s, true
}

// bootTime is when the system began, in seconds since 1970; 0 where it is not told.
var bootTime = sync.OnceValue(func() uint64 {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if after, ok := bytes.CutPrefix(line, []byte("btime ")); ok {
			n, err := strconv.ParseUint(string(bytes.TrimSpace(after)), 10, 64)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
})

// openFiles counts without keeping all the names at a time.
func openFiles() (int, bool) {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0, false
	}
	defer dir.Close() //nolint:errcheck // it was read only
	n := -1           // the directory itself
	for {
		names, err := dir.Readdirnames(1000)
		n += len(names)
		if errors.Is(err, io.EOF) {
			return n, true
		}
		if err != nil {
			return 0, false
		}
	}
}
