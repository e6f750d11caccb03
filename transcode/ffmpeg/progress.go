package ffmpeg

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Progress of a run.
type Progress struct {
	Frame   int64         // pictures that were encoded, of the first video
	FPS     float64       // of them in a second
	Time    time.Duration // how far the output has come, from Command.Start
	Size    int64         // bytes of the first output
	Speed   float64       // seconds of output in a second; 0 while it is not known
	Dropped int64         // pictures that were left out to keep a rate
	Doubled int64         // and shown again
	Percent float64       // 0 to 100; -1 where Command.Length is not told
	Left    time.Duration // about how long it will take; -1 where that is not known
	Done    bool          // this is the last word
}

// longestLine is what is kept of a line of progress, or of a complaint.
const longestLine = 400

// A meter reads what -progress writes: lines of key=value, of which
// progress=continue or progress=end is the last of each report.
type meter struct {
	start, length time.Duration
	tell          func(Progress)

	line []byte // one that is not complete, but for what is too long
	next Progress

	mu   sync.Mutex
	last Progress
	at   int64 // grows whenever something of the output has
}

func newMeter(start, length time.Duration, tell func(Progress)) *meter {
	return &meter{start: start, length: length, tell: tell, last: Progress{Percent: percent(0, length), Left: -1}}
}

func (m *meter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		m.line = append(m.line, line[:min(len(line), longestLine-len(m.line))]...)
		if whole {
			m.read(string(m.line))
			m.line = m.line[:0]
		}
		rest = after
	}
	return len(p), nil
}

// read takes one line. What it does not know, or what is N/A, says nothing.
func (m *meter) read(line string) {
	key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
	value = strings.TrimSpace(value)
	switch key {
	case "frame":
		m.next.Frame = count(value, m.next.Frame)
	case "fps":
		m.next.FPS = rate(value)
	case "out_time_us":
		us, err := strconv.ParseInt(value, 10, 64)
		if err == nil && us < math.MaxInt64/1000 && us > math.MinInt64/1000 {
			m.next.Time = max(0, time.Duration(us)*time.Microsecond-m.start)
		}
	case "total_size":
		m.next.Size = count(value, m.next.Size)
	case "speed":
		m.next.Speed = rate(strings.TrimSuffix(value, "x"))
	case "drop_frames":
		m.next.Dropped = count(value, m.next.Dropped)
	case "dup_frames":
		m.next.Doubled = count(value, m.next.Doubled)
	case "progress":
		m.report(value == "end")
	}
}

func (m *meter) report(done bool) {
	p := m.next
	p.Done = done
	p.Percent, p.Left = percent(p.Time, m.length), -1
	switch {
	case done && m.length > 0:
		p.Percent, p.Left = 100, 0
	case m.length > 0 && p.Speed > 0:
		left := float64(max(0, m.length-p.Time)) / p.Speed
		if left < float64(math.MaxInt64) {
			p.Left = time.Duration(left)
		}
	}
	m.mu.Lock()
	if p.Frame != m.last.Frame || p.Time != m.last.Time || p.Size != m.last.Size || done {
		m.at++
	}
	m.last = p
	m.mu.Unlock()
	if m.tell != nil {
		m.tell(p)
	}
}

// now returns the last report, and a number that changes with progress.
func (m *meter) now() (p Progress, at int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last, m.at
}

func percent(t, length time.Duration) float64 {
	if length <= 0 {
		return -1
	}
	return min(100, 100*float64(t)/float64(length))
}

func count(s string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

// rate is a finite number that is not negative, and 0 for everything else.
func rate(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 0) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
