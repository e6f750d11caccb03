//go:build !unix

package ffmpeg

import (
	"os"
	"time"
)

// usage is what a process took.
type usage struct {
	cpu    time.Duration // user and system
	memory int64         // not known here
}

func usageOf(p *os.ProcessState) usage { return usage{cpu: p.UserTime() + p.SystemTime()} }

func signalOf(*os.ProcessState) string { return "" }
