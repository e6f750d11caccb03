package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// schedule is a spec of crontab(5), a bit for each value that counts, or an interval.
type schedule struct {
	minute, hour, day, month, weekday uint64
	anyDay, anyWeekday                bool // the field begins with *
	every                             time.Duration
}

// field is one of the five.
type field struct {
	name     string
	min, max int
	names    []string // of the values from min on
}

var fields = [5]field{
	{name: "minute", min: 0, max: 59},
	{name: "hour", min: 0, max: 23},
	{name: "day of the month", min: 1, max: 31},
	{name: "month", min: 1, max: 12, names: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{name: "day of the week", min: 0, max: 7, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

var nicknames = map[string]string{
	"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
	"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}

const everyPrefix = "@every "

func parseSchedule(spec string) (*schedule, error) {
	s, err := readSchedule(strings.TrimSpace(spec))
	if err != nil {
		return nil, fmt.Errorf("jobs: schedule %.100q: %w", spec, err)
	}
	return s, nil
}

func readSchedule(spec string) (*schedule, error) {
	if text, is := strings.CutPrefix(spec, everyPrefix); is {
		d, err := time.ParseDuration(strings.TrimSpace(text))
		if err != nil || d < time.Second || d%time.Second != 0 {
			return nil, fmt.Errorf("@every needs a duration of whole seconds, not %.20q", text)
		}
		return &schedule{every: d}, nil
	}
	if long, is := nicknames[spec]; is {
		spec = long
	}
	parts := strings.Fields(spec)
	if len(parts) != len(fields) {
		return nil, fmt.Errorf("%d fields; there are %d, from the minute to the day of the week", len(parts), len(fields))
	}
	var bits [len(fields)]uint64
	for i, f := range fields {
		var err error
		if bits[i], err = f.list(parts[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return &schedule{
		minute: bits[0], hour: bits[1], day: bits[2], month: bits[3], weekday: bits[4] | bits[4]>>7, // 7 is 0
		anyDay: strings.HasPrefix(parts[2], "*"), anyWeekday: strings.HasPrefix(parts[4], "*"),
	}, nil
}

func (f field) list(text string) (bits uint64, err error) {
	for part := range strings.SplitSeq(text, ",") {
		b, err := f.span(part)
		if err != nil {
			return 0, err
		}
		bits |= b
	}
	return bits, nil
}

// span reads *, a value or a range, each with or without a step.
func (f field) span(text string) (bits uint64, err error) {
	text, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		if step, err = strconv.Atoi(stepText); err != nil || step < 1 || step > f.max {
			return 0, fmt.Errorf("no step %.20q", stepText)
		}
	}
	from, to := f.min, f.max
	if text != "*" {
		first, last, isRange := strings.Cut(text, "-")
		if from, err = f.value(first); err != nil {
			return 0, err
		}
		switch {
		case isRange:
			to, err = f.value(last)
		case !stepped:
			to = from
		}
		if err != nil {
			return 0, err
		}
	}
	if from > to {
		return 0, fmt.Errorf("%.20q goes backwards", text)
	}
	for v := from; v <= to; v += step {
		bits |= 1 << v
	}
	return bits, nil
}

func (f field) value(text string) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.min + i, nil
		}
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < f.min || v > f.max {
		return 0, fmt.Errorf("%.20q is none of %d to %d", text, f.min, f.max)
	}
	return v, nil
}

// searched is for how long a time is looked for: a 29th of February may be eight
// years away.
const searched = 9 * 366

// next returns the first time after t, in UTC; the zero time where there is none.
func (s *schedule) next(t time.Time) time.Time {
	t = t.UTC()
	if s.every > 0 {
		return t.Truncate(s.every).Add(s.every)
	}
	t = t.Truncate(time.Minute).Add(time.Minute)
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	from := t.Hour()*60 + t.Minute()
	for range searched {
		if s.onDay(day) {
			if m, ok := s.ofDay(from); ok {
				return day.Add(time.Duration(m) * time.Minute)
			}
		}
		day, from = day.AddDate(0, 0, 1), 0
	}
	return time.Time{}
}

// onDay follows crontab(5): where both days are given, either will do.
func (s *schedule) onDay(day time.Time) bool {
	if s.month&(1<<day.Month()) == 0 {
		return false
	}
	ofMonth, ofWeek := s.day&(1<<day.Day()) != 0, s.weekday&(1<<day.Weekday()) != 0
	if s.anyDay || s.anyWeekday {
		return ofMonth && ofWeek
	}
	return ofMonth || ofWeek
}

// ofDay returns the first minute of a day at or after from.
func (s *schedule) ofDay(from int) (int, bool) {
	for m := from; m < 24*60; m++ {
		if s.hour&(1<<(m/60)) != 0 && s.minute&(1<<(m%60)) != 0 {
			return m, true
		}
	}
	return 0, false
}
