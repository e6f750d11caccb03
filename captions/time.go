package captions

import (
	"strconv"
	"strings"
	"time"
)

// parseTiming reads "00:00:01.000 --> 00:00:02.500 align:start". ok is false
// where a line has no arrow. Both formats have times with a comma and with a
// point, with and without hours, in files that others play.
func parseTiming(line string, number int) (c Cue, ok bool, err error) {
	from, to, ok := strings.Cut(line, "-->")
	if !ok {
		return Cue{}, false, nil
	}
	to = strings.TrimLeft(to, " \t")
	end := strings.IndexAny(to, " \t")
	if end < 0 {
		end = len(to)
	}
	if c.Start, ok = parseTime(strings.Trim(from, " \t")); !ok {
		return c, true, invalid(number, "%.40q is no time such as 00:01:02.500", strings.Trim(from, " \t"))
	}
	if c.End, ok = parseTime(to[:end]); !ok {
		return c, true, invalid(number, "%.40q is no time such as 00:01:02.500", to[:end])
	}
	c.Settings = to[end:]
	return c, true, nil
}

// parseTime reads [hours:]minutes:seconds with a fraction of one to three digits.
func parseTime(s string) (time.Duration, bool) {
	clock, fraction, ok := cutFraction(s)
	if !ok {
		return 0, false
	}
	parts := strings.Split(clock, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	total := int64(0)
	for i, part := range parts {
		isHours := i == 0 && len(parts) == 3
		n, ok := parseDigits(part, 2)
		if isHours {
			n, ok = parseDigits(part, 9)
		}
		if !ok || !isHours && n > 59 {
			return 0, false
		}
		total = total*60 + n
	}
	if total > int64(2*MaxTime/time.Second) { // add says that it is too much
		total = int64(2 * MaxTime / time.Second)
	}
	return time.Duration(total)*time.Second + fraction, true
}

// cutFraction takes the fraction of a second from the end of a time.
func cutFraction(s string) (clock string, fraction time.Duration, ok bool) {
	i := strings.IndexAny(s, ".,")
	if i < 0 {
		return s, 0, true
	}
	n, ok := parseDigits(s[i+1:], 3)
	for range 3 - len(s[i+1:]) {
		n *= 10
	}
	return s[:i], time.Duration(n) * time.Millisecond, ok
}

// parseDigits reads one to most digits.
func parseDigits(s string, most int) (int64, bool) {
	if s == "" || len(s) > most || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// AppendTime writes a time as WebVTT has it, to the millisecond.
func AppendTime(dst []byte, t time.Duration) []byte {
	ms := t.Milliseconds()
	dst = appendPadded(dst, ms/3_600_000, 2)
	dst = appendPadded(append(dst, ':'), ms/60_000%60, 2)
	dst = appendPadded(append(dst, ':'), ms/1000%60, 2)
	return appendPadded(append(dst, '.'), ms%1000, 3)
}

func appendPadded(dst []byte, n int64, width int) []byte {
	digits := strconv.FormatInt(n, 10)
	for range width - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}
