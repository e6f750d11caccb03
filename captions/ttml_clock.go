package captions

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"time"
)

// ttmlClock is what a document says of its times (TTML2 §6.2, §12.3).
type ttmlClock struct {
	frames float64 // a second
	ticks  float64 // a second
}

func (c *ttmlClock) setDefaults() { c.frames, c.ticks = 30, 1 }

func (c *ttmlClock) configure(line int, attrs []xml.Attr) error {
	multiplier := 1.0
	ticks := 0.0
	rate := 0.0
	for _, a := range attrs {
		switch a.Name.Local {
		case "timeBase":
			if a.Value != "media" && a.Value != "smpte" {
				return invalid(line, "the timeBase %.20q is not read here; media is", a.Value)
			}
		case "frameRate":
			rate = positive(a.Value)
		case "frameRateMultiplier":
			over, under, _ := strings.Cut(strings.ReplaceAll(a.Value, ":", " "), " ") // a colon in drafts of TTML
			if o, u := positive(over), positive(under); o > 0 && u > 0 {
				multiplier = o / u
			}
		case "tickRate":
			ticks = positive(a.Value)
		}
	}
	switch {
	case rate > 0 && ticks == 0:
		c.ticks = rate * multiplier
	case ticks > 0:
		c.ticks = ticks
	}
	if rate > 0 {
		c.frames = rate
	}
	c.frames *= multiplier
	return nil
}

func positive(s string) float64 {
	n, ok := parseDigits(strings.TrimSpace(s), 9)
	if !ok {
		return 0
	}
	return float64(n)
}

// parse reads a time expression (TTML2 §12.3.1): a clock time, with a fraction
// or with frames, or a number with a unit.
func (c *ttmlClock) parse(s string) (time.Duration, bool) {
	parts := strings.Split(s, ":")
	switch len(parts) {
	case 1:
		return c.offset(s)
	case 3:
		return parseClock(s)
	case 4:
		t, ok := parseClock(strings.Join(parts[:3], ":"))
		number, _, _ := strings.Cut(parts[3], ".") // subframes are finer than a millisecond matters
		frames, isNumber := parseDigits(number, 4)
		return t + seconds(float64(frames)/c.frames), ok && isNumber
	}
	return 0, false
}

// parseClock is parseTime with as many digits of the fraction as somebody likes.
func parseClock(s string) (time.Duration, bool) {
	if i := strings.IndexByte(s, '.'); i >= 0 && len(s) > i+4 && strings.Trim(s[i+1:], "0123456789") == "" {
		s = s[:i+4]
	}
	return parseTime(s)
}

func (c *ttmlClock) offset(s string) (time.Duration, bool) {
	number := strings.TrimRight(s, "hmsft")
	unit := map[string]float64{"h": 3600, "m": 60, "s": 1, "ms": 0.001, "f": 1 / c.frames, "t": 1 / c.ticks}[s[len(number):]]
	if unit == 0 || number == "" || len(number) > 30 || strings.Trim(number, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(number, 64)
	return seconds(n * unit), err == nil
}

// seconds rounds to the nearest millisecond; what is too much stays too much.
func seconds(s float64) time.Duration {
	s = min(s, (2 * MaxTime).Seconds())
	return time.Duration(math.Round(s*1000)) * time.Millisecond
}
