package jobs

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSchedulesSayWhenTheyAreNext(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02 15:04:05", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ spec, after, want string }{
		{"* * * * *", "2026-02-28 23:59:30", "2026-03-01 00:00:00"},
		{"*/15 * * * *", "2026-01-01 10:15:00", "2026-01-01 10:30:00"},
		{"5/20 * * * *", "2026-01-01 10:26:00", "2026-01-01 10:45:00"},
		{"0 3 * * *", "2026-01-01 03:00:00", "2026-01-02 03:00:00"},
		{"30 8-10,22 * * *", "2026-01-01 10:30:01", "2026-01-01 22:30:00"},
		{"0 0 29 2 *", "2096-03-01 00:00:00", "2104-02-29 00:00:00"}, // 2100 is no leap year
		{"0 0 * * 7", "2026-11-30 00:00:00", "2026-12-06 00:00:00"},
		{"0 0 * * sun", "2026-11-30 00:00:00", "2026-12-06 00:00:00"},
		{"0 0 * * Mon-Fri", "2026-12-04 12:00:00", "2026-12-07 00:00:00"},
		{"0 0 13 * 5", "2026-11-30 00:00:00", "2026-12-04 00:00:00"},  // either will do
		{"0 0 */2 * 5", "2026-11-30 00:00:00", "2026-12-11 00:00:00"}, // both
		{"0 12 1 jan,JUL *", "2026-01-01 12:00:00", "2026-07-01 12:00:00"},
		{"@hourly", "2026-01-01 10:15:00", "2026-01-01 11:00:00"},
		{"@weekly", "2026-11-30 00:00:00", "2026-12-06 00:00:00"},
		{"@every 90s", "2026-01-01 00:00:00", "2026-01-01 00:01:30"},
		{" @every 1h ", "2026-01-01 00:59:59", "2026-01-01 01:00:00"},
	} {
		s, err := parseSchedule(c.spec)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := s.next(at(c.after)); !got.Equal(at(c.want)) {
			t.Errorf("%q after %s: %v, want %s", c.spec, c.after, got, c.want)
		}
	}
	never, err := parseSchedule("0 0 31 2 *")
	if err != nil || !never.next(at("2026-01-01 00:00:00")).IsZero() {
		t.Errorf("the 31st of February comes: %v", err)
	}
}

func TestSchedulesThatAreNoneAreRefused(t *testing.T) {
	for _, spec := range []string{
		"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "-1 * * * *",
		"5-1 * * * *", "*/0 * * * *", "*/61 * * * *", "1,,2 * * * *", "a * * * *", "* * * foo *", "1- * * * *", "@often",
		"@every", "@every 1", "@every 0s", "@every 500ms", "@every 1500ms", "@every -1h", "1/ * * * *", "99999999999999999999 * * * *",
	} {
		if s, err := parseSchedule(spec); err == nil {
			t.Errorf("%q is %+v", spec, s)
		}
	}
}

func FuzzSchedule(f *testing.F) {
	for _, seed := range []string{"* * * * *", "*/15 0-5,7 1 jan sun", "@every 90s", "@daily", "0 0 31 2 *", "0 0 29 2 1/2"} {
		f.Add(seed, int64(1_800_000_000))
	}
	f.Fuzz(func(t *testing.T, spec string, unix int64) {
		s, err := parseSchedule(spec)
		if err != nil {
			return
		}
		after := time.Unix(unix%(1<<33), 0) // some three hundred years
		next := s.next(after)
		if next.IsZero() {
			return
		}
		if !next.After(after) {
			t.Fatalf("%q after %v is %v", spec, after, next)
		}
		if s.every == 0 && (next.Second() != 0 || s.minute&(1<<next.Minute()) == 0 || s.hour&(1<<next.Hour()) == 0 || s.month&(1<<next.Month()) == 0) {
			t.Fatalf("%q is not at %v", spec, next)
		}
	})
}

func TestAScheduleSubmitsAtItsTimesAndTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, err := parseSchedule("*/10 * * * *")
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now() // midnight, in here
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		(&cron{at: at}).loop(ctx, func(_ context.Context, at time.Time) error {
			got = append(got, at.Sub(begin).String()+" at "+time.Since(begin).String())
			switch len(got) {
			case 1, 2:
				return errors.New("the database is away")
			case 5:
				cancel()
			}
			return nil
		})
		want := []string{"10m0s at 10m0s", "10m0s at 10m1s", "10m0s at 10m2s", "20m0s at 20m0s", "30m0s at 30m0s"}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestBackoffGrowsToTenMinutes(t *testing.T) {
	for attempt, want := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 4 * time.Second, 5: 256 * time.Second, 6: 10 * time.Minute, 1000: 10 * time.Minute} {
		if got := DefaultBackoff(attempt); (got - want).Abs() > want/10 {
			t.Errorf("after attempt %d: %v", attempt, got)
		}
	}
}
