package ffmpeg_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// childrenOf are the processes that pid has started, and that it has not waited for.
func childrenOf(t testing.TB, pid int) (pids []int) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("processes are counted in /proc, which Linux has")
	}
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		text, _ := os.ReadFile(list) // a thread may end meanwhile
		for word := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, child)
		}
	}
	return pids
}

// wantGone waits for a process to end that is no child of ours.
func wantGone(t testing.TB, pid int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return
		}
		if _, state, _ := strings.Cut(string(text), ") "); strings.HasPrefix(state, "Z") {
			return
		}
	}
	t.Errorf("process %d is still there", pid)
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

// wantNoChildren says which processes a test has left.
func wantNoChildren(t testing.TB) {
	t.Helper()
	if pids := childrenOf(t, os.Getpid()); len(pids) > 0 {
		t.Errorf("the processes %v are left", pids)
	}
}
