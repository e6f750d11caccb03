package hls

import (
	"log"
	"sync/atomic"
)

// countingLogger counts lines.
func countingLogger(lines *atomic.Int64) *log.Logger {
	return log.New(lineCounter{lines}, "", 0)
}

type lineCounter struct{ lines *atomic.Int64 }

func (c lineCounter) Write(p []byte) (int, error) {
	c.lines.Add(1)
	return len(p), nil
}
