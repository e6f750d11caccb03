package transcode

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
)

// Packets is what the packets of the picture tell.
type Packets struct {
	Keys  []time.Duration // when key frames show, in order
	Count int             // of packets
	First time.Duration   // when the first picture shows
	End   time.Duration   // when the last one ends
}

// PacketArgs are the arguments of ffprobe, before the file, for what ReadPackets
// reads. The whole file is read, and nothing decoded.
func PacketArgs(stream int) []string {
	return []string{
		"-v", "error", "-select_streams", strconv.Itoa(stream),
		"-show_entries", "packet=pts_time,dts_time,duration_time,flags:format=start_time", "-of", "compact=nokey=0",
	}
}

// The limits of a list of packets.
const (
	maxPackets = 1 << 24
	maxLine    = 4 << 10
	maxSeconds = 1 << 26
)

// ReadPackets reads what ffprobe writes. Errors match ErrSource, or are of r.
func ReadPackets(r io.Reader) (Packets, error) {
	var p Packets
	var start, frame time.Duration
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		kind, rest, _ := strings.Cut(lines.Text(), "|")
		switch kind {
		case "format":
			start = seconds(fields(rest)["start_time"], 0)
		case "packet":
			if p.Count++; p.Count > maxPackets {
				return p, problem.Errorf(ErrSource, "the picture has more than %d packets", maxPackets)
			}
			frame = p.add(fields(rest), frame)
		}
	}
	if err := lines.Err(); err != nil {
		return p, fmt.Errorf("transcode: reading what ffprobe says of packets: %w", err)
	}
	if p.Count == 0 {
		return p, problem.Errorf(ErrSource, "the picture has no frames")
	}
	slices.Sort(p.Keys)
	p.Keys = slices.Compact(p.Keys)
	for i := range p.Keys {
		p.Keys[i] -= start
	}
	p.First, p.End = p.First-start, p.End-start
	return p, nil
}

// add takes a packet; where it does not say how long it lasts, it is as the one before.
func (p *Packets) add(f map[string]string, before time.Duration) time.Duration {
	unknown := time.Duration(math.MinInt64)
	at := seconds(f["pts_time"], seconds(f["dts_time"], unknown))
	if at == unknown {
		return before
	}
	lasts := seconds(f["duration_time"], before)
	if p.End == 0 && p.First == 0 {
		p.First, p.End = at, at
	}
	p.First, p.End = min(p.First, at), max(p.End, at+lasts)
	if strings.HasPrefix(f["flags"], "K") {
		p.Keys = append(p.Keys, at)
	}
	return lasts
}

func fields(line string) map[string]string {
	f := make(map[string]string, 4)
	for part := range strings.SplitSeq(line, "|") {
		if key, value, ok := strings.Cut(part, "="); ok {
			f[key] = value
		}
	}
	return f
}

// seconds reads a time; what is none, or beyond two years, is other.
func seconds(text string, other time.Duration) time.Duration {
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(s) || s > maxSeconds || s < -maxSeconds {
		return other
	}
	return time.Duration(math.Round(s * float64(time.Second)))
}
