package ffmpeg

import (
	"os"
	"strconv"
	"strings"
)

// addressSpace is the peak of a process's address space so far, in bytes.
func addressSpace(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "VmPeak:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0 // a process that has ended
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
