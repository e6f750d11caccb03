package audit

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// told is what a sink has got, in order, and forgets it.
func told(s *fragile) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []string{}
	for _, l := range s.lines {
		_, rest, _ := strings.Cut(l, `Z",`)
		all = append(all, strings.TrimSuffix(rest, "\n"))
	}
	slices.Sort(all)
	s.lines = nil
	return all
}

func newTally(t *testing.T, l *Log, entries int) *Tally {
	t.Helper()
	tally, err := NewTally(l, &TallyOptions{Entries: entries, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	return tally
}

func violation(actor string) Event {
	return Event{Actor: actor, Action: "ratelimit.exceeded", Resource: "service/upload", Outcome: Refused}
}

func TestTallyWritesOneEventForEachIdentityAndMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock begins with a full minute
		s := new(fragile)
		tally := newTally(t, newLog(t, Refuse, s), 0)
		for range 1000 {
			tally.Add(violation("ada"))
			time.Sleep(50 * time.Millisecond)
		}
		tally.Add(violation("bob"))
		synctest.Wait()
		if got := told(s); len(got) != 0 {
			t.Errorf("too early: %v", got)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		want := []string{
			`"actor":"ada","action":"ratelimit.exceeded","resource":"service/upload","outcome":"refused","details":{"count":1000,"first":"2000-01-01T00:00:00Z","last":"2000-01-01T00:00:49.95Z"}}`,
			`"actor":"bob","action":"ratelimit.exceeded","resource":"service/upload","outcome":"refused","details":{"count":1,"first":"2000-01-01T00:00:50Z","last":"2000-01-01T00:00:50Z"}}`,
		}
		if diff := cmp.Diff(want, told(s)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		time.Sleep(time.Hour) // nothing is counted, nothing is written
		if got := told(s); len(got) != 0 {
			t.Errorf("of nothing: %v", got)
		}
		tally.Add(violation("ada"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := told(s); len(got) != 1 || !strings.Contains(got[0], `"count":1,"first":"2000-01-01T01:01:00Z"`) {
			t.Errorf("in the next minute: %v", got)
		}
		must(t, tally.Close(t.Context()))
	})
}

func TestTallyCountsTogetherThoseForWhomThereIsNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(fragile)
		tally := newTally(t, newLog(t, Refuse, s), 2)
		for i := range 10_000 {
			tally.Add(violation(fmt.Sprint("user-", i%5000)))
		}
		must(t, tally.Close(t.Context()))
		got := told(s)
		if len(got) != 3 || !strings.HasPrefix(got[0], `"actor":"(others)","action":"ratelimit.exceeded","outcome":"refused","details":{"count":9996,`) {
			t.Errorf("%v", got)
		}
	})
}

func TestTallyCountsLongNamesTogether(t *testing.T) {
	s := new(fragile)
	tally := newTally(t, newLog(t, Refuse, s), 0)
	for i := range 10 {
		tally.Add(violation(strings.Repeat("x", 5000) + fmt.Sprint(i)))
	}
	must(t, tally.Close(t.Context()))
	if got := told(s); len(got) != 1 || !strings.Contains(got[0], `"count":10,`) {
		t.Errorf("%d", len(got))
	}
}

func TestTallyKeepsWhatTheLogDoesNotTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(fragile)
		tally := newTally(t, newLog(t, Refuse, s), 0)
		s.failures.Store(1)
		tally.Add(violation("ada"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := told(s); len(got) != 0 {
			t.Errorf("%v", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := told(s); len(got) != 1 || !strings.Contains(got[0], `"count":1,"first":"2000-01-01T00:00:00Z","last":"2000-01-01T00:00:00Z"`) {
			t.Errorf("%v", got)
		}
		tally.Add(violation("ada"))
		s.failures.Store(1)
		if err := tally.Close(t.Context()); err == nil {
			t.Error("nobody is told")
		}
		tally.Add(violation("ada"))
		must(t, tally.Close(t.Context())) // what was kept
		if got := told(s); len(got) != 1 || !strings.Contains(got[0], `"count":1,`) {
			t.Errorf("%v", got)
		}
	})
}

func TestTallyCountsWhatIsAddedAtTheSameTime(t *testing.T) {
	s := new(fragile)
	tally, err := NewTally(newLog(t, Refuse, s), &TallyOptions{Every: time.Millisecond})
	must(t, err)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 2000 {
				tally.Add(violation("ada"))
			}
		})
	}
	all.Wait()
	must(t, tally.Close(t.Context()))
	n := uint64(0)
	for _, l := range s.lines {
		e, err := ParseEntry(appendNumbered(nil, 1, []byte(l)))
		must(t, err)
		n += uint64(e.Details[0].Value.Int64())
	}
	if n != 16_000 {
		t.Errorf("%d are counted, want 16000", n)
	}
	if _, err := NewTally(nil, nil); err == nil {
		t.Error("it writes nowhere")
	}
}
