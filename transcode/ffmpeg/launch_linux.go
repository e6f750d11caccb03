package ffmpeg

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// A launch starts a program under a sandbox and limits.
//
// Landlock and seccomp bind a thread and what it starts. So the program is started
// by a thread of its own, which is not given back: it ends with the program. It has
// to live as long, because the kernel sends Pdeathsig when the thread that started a
// process is gone, not its whole process.
type launch struct {
	cmd      *exec.Cmd
	box      *sandbox
	files    []*os.File
	dir      string
	hardware Hardware
	limits   Limits
	nice     int

	limited chan struct{}
	ended   chan error
}

// start returns when the program runs, with its limits.
func (l *launch) start() error {
	rules, err := l.box.rules(l.cmd.Path, l.dir, l.files, l.hardware)
	if err != nil {
		return err
	}
	defer rules.close()
	l.limited, l.ended = make(chan struct{}), make(chan error, 1)
	started := make(chan error)
	go l.onThread(rules, started)
	if err := <-started; err != nil {
		return err
	}
	err = l.limit(l.cmd.Process.Pid)
	if err != nil {
		_ = unix.Kill(-l.cmd.Process.Pid, unix.SIGKILL) // err says more
	}
	close(l.limited)
	if err != nil {
		_ = l.wait() // it was killed
	}
	return err
}

// wait returns when the program has ended, as exec.Cmd's Wait does.
func (l *launch) wait() error { return <-l.ended }

// onThread is the life of the thread.
func (l *launch) onThread(rules *rules, started chan<- error) {
	runtime.LockOSThread() // for good
	if unix.Gettid() == unix.Getpid() {
		// The first thread of a process never ends, and belongs to main. While it is
		// held here, another goroutine gets another.
		done := make(chan struct{})
		go func() {
			defer close(done)
			l.onThread(rules, started)
		}()
		<-done
		runtime.UnlockOSThread()
		return
	}
	if err := rules.enforce(); err != nil {
		started <- err
		return
	}
	if err := l.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	<-l.limited // until then nobody may take its pid
	l.ended <- l.cmd.Wait()
}

// limit sets what the kernel watches. It counts for what the program did in the
// moment before, too.
func (l *launch) limit(pid int) error {
	memory := l.limits.Memory
	if l.hardware != None {
		memory = -1 // drivers map the memory of their devices
	}
	for _, r := range []struct {
		what  string
		which int
		max   int64
	}{
		{"core dumps", unix.RLIMIT_CORE, 0},
		{"CPU time", unix.RLIMIT_CPU, int64(l.limits.CPU.Seconds())},
		{"address space", unix.RLIMIT_AS, memory},
		{"the size of files", unix.RLIMIT_FSIZE, l.limits.Output},
	} {
		var now unix.Rlimit
		if err := unix.Prlimit(pid, r.which, nil, &now); err != nil {
			return fmt.Errorf("the limit on %s: %w", r.what, err)
		}
		most := min(uint64(r.max), now.Max) // a negative one is none
		if r.which == unix.RLIMIT_CPU && r.max == 0 {
			most = 1
		}
		if err := unix.Prlimit(pid, r.which, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
			return fmt.Errorf("the limit on %s: %w", r.what, err)
		}
	}
	// Where the system has to choose, it shall end the program and not the server.
	// Neither is a limit, so that failing to set it is no failure.
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte("500"), 0)
	_ = unix.Setpriority(unix.PRIO_PROCESS, pid, l.nice)
	return nil
}
