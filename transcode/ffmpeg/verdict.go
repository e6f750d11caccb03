package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A limitError ends a run from here; it is the cause of its context.
type limitError struct {
	class  Class
	reason string
}

func (e *limitError) Error() string { return e.reason }

// verdict says why a process failed: first by what ended it, then by the signal,
// then by what it said.
func (r *Runner) verdict(p *process, out *outcome, cause error) *RunError {
	lines := severe(complaints(out.log))
	e := &RunError{Program: p.program, Lines: lines, Exit: out.exit}
	if limit, ok := errors.AsType[*limitError](cause); ok {
		e.Class, e.Reason = limit.class, limit.reason
		return e
	}
	if cause != nil {
		e.Class, e.Reason, e.Cause = Cancelled, "it was cancelled: "+cause.Error(), cause
		if errors.Is(cause, context.DeadlineExceeded) {
			e.Class, e.Reason = TimeLimit, "it took longer than whoever asked for it would wait"
		}
		return e
	}
	if out.signal != "" {
		e.Class, e.Reason = signalled(out, p.limits)
		return e
	}
	e.Class, e.Reason = because(lines)
	if e.Class != DiskFull && e.Class != OutputLimit && tight(out.peak, p.limits.Memory) {
		e.Class = Memory
		e.Reason = fmt.Sprintf("it most likely had too little memory (%s of address space, of %s that it may have): %s",
			size(out.peak), size(p.limits.Memory), e.Reason)
	}
	return e
}

// signalled says what a signal means that was not sent from here.
func signalled(out *outcome, l Limits) (Class, string) {
	switch out.signal {
	case "file size limit exceeded":
		return OutputLimit, "it wrote a file of more than " + size(l.Output)
	case "CPU time limit exceeded":
		return TimeLimit, fmt.Sprintf("it used more than %v of CPU time", l.CPU)
	case "killed":
		if out.usage.cpu+time.Second > l.CPU {
			return TimeLimit, fmt.Sprintf("it used more than %v of CPU time", l.CPU)
		}
		return Memory, "it was killed from outside: the system, or its container, most likely had no memory left"
	}
	if tight(out.peak, l.Memory) {
		return Memory, fmt.Sprintf("it crashed (%s) with %s of address space, of %s that it may have", out.signal, size(out.peak), size(l.Memory))
	}
	return Crashed, "it crashed: " + out.signal
}

// tight says whether an allocation may well have been refused: encoders do not
// always say so.
func tight(peak, limit int64) bool { return peak > 0 && peak > limit/4*3 }

// size in words.
func size(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
