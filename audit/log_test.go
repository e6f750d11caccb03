package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/slogtest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/problem"
)

// fragile is a sink that fails as often as it is told.
type fragile struct {
	failures atomic.Int64
	mu       sync.Mutex
	lines    []string
	failing  string // an action that it never takes
}

var errFragile = errors.New("it is broken")

func (s *fragile) Append(_ context.Context, e *Event, line []byte) error {
	if s.failures.Add(-1) >= 0 || s.failing != "" && e.Action == s.failing {
		return errFragile
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, string(line))
	return nil
}

func (s *fragile) actions(t *testing.T) []string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []string{}
	for _, l := range s.lines {
		e, err := ParseEntry(appendNumbered(nil, 1, []byte(l)))
		must(t, err)
		text := e.Action
		for _, a := range e.Details {
			text += " " + a.String()
		}
		found = append(found, text)
	}
	return found
}

func newLog(t testing.TB, p Policy, sinks ...Sink) *Log {
	t.Helper()
	l, err := New(sinks, &Options{Policy: p})
	must(t, err)
	return l
}

func TestPolicyRefuseIsA503(t *testing.T) {
	s := new(fragile)
	l := newLog(t, Refuse, s)
	s.failures.Store(1)
	err := l.Record(t.Context(), Event{Action: "a"})
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, errFragile) || problem.KindOf(err).Status != http.StatusServiceUnavailable {
		t.Errorf("got %v", err)
	}
	must(t, l.Record(t.Context(), Event{Action: "b"}))
	if diff := cmp.Diff([]string{"b"}, s.actions(t)); diff != "" || l.Refused() != 1 || l.Dropped() != 0 {
		t.Errorf("%d refused -want +got:\n%s", l.Refused(), diff)
	}
}

func TestPolicyDropCountsAndTellsTheSink(t *testing.T) {
	s, other := new(fragile), new(fragile)
	l := newLog(t, Drop, s, other)
	s.failures.Store(2)
	for _, action := range []string{"a", "b", "c", "d"} {
		must(t, l.Record(t.Context(), Event{Action: action}))
	}
	if diff := cmp.Diff([]string{"c", "audit.dropped events=2", "d"}, s.actions(t)); diff != "" || l.Dropped() != 2 {
		t.Errorf("%d dropped -want +got:\n%s", l.Dropped(), diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, other.actions(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestWhatIsNotToldIsToldLater has the event that tells of the missing ones fail too.
func TestWhatIsNotToldIsToldLater(t *testing.T) {
	s := new(fragile)
	l := newLog(t, Drop, s)
	s.failures.Store(1)
	must(t, l.Record(t.Context(), Event{Action: "a"}))
	s.failing = "audit.dropped"
	must(t, l.Record(t.Context(), Event{Action: "b"}))
	s.failing = ""
	must(t, l.Record(t.Context(), Event{Action: "c"}))
	if diff := cmp.Diff([]string{"b", "c", "audit.dropped events=1"}, s.actions(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPolicyBlockWaitsForTheSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(fragile)
		l := newLog(t, Block, s)
		s.failures.Store(6)
		begin := time.Now()
		must(t, l.Record(t.Context(), Event{Action: "a"}))
		if took := time.Since(begin); took != (5+10+20+40+80+160)*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		s.failures.Store(1000)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := l.Record(ctx, Event{Action: "b"})
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errFragile) {
			t.Errorf("got %v", err)
		}
	})
}

func TestPolicyBlockDoesNotWaitForASinkThatIsClosed(t *testing.T) {
	f := open(t, t.TempDir(), FileOptions{})
	must(t, f.Close())
	if err := newLog(t, Block, f).Record(t.Context(), Event{Action: "a"}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for name, tt := range map[string]struct {
		sinks []Sink
		o     *Options
	}{
		"no sink":          {nil, nil},
		"a nil sink":       {[]Sink{discard{}, nil}, nil},
		"another policy":   {[]Sink{discard{}}, &Options{Policy: 7}},
		"a policy below 0": {[]Sink{discard{}}, &Options{Policy: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(tt.sinks, tt.o); err == nil {
				t.Error("it is taken")
			}
		})
	}
}

func TestRecordSetsTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(fragile)
		l := newLog(t, Refuse, s)
		must(t, l.Record(t.Context(), Event{Action: "a"}))
		if !strings.Contains(s.lines[0], `"time":"2000-01-01T00:00:00Z"`) {
			t.Error(s.lines)
		}
	})
}

func TestRecordAllocatesNothing(t *testing.T) {
	l := newLog(t, Refuse, discard{})
	e := typical()
	if n := testing.AllocsPerRun(100, func() { must(t, l.Record(context.Background(), e)) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

// Row 6 of the list of attacks: whatever is in an event, it is one line in each
// sink, and forges nothing.
func TestEventsStayOneLine(t *testing.T) {
	var text, structured bytes.Buffer
	dir := t.TempDir()
	f := open(t, dir, FileOptions{})
	l := newLog(t, Refuse, f, ToHandler(slog.NewTextHandler(&text, nil)), ToHandler(slog.NewJSONHandler(&structured, nil)))
	evil := []string{
		"\n", "\r\n", "\x1b[2J\x1b[31m", "\u009b31m", "\u2028", "\u2029", "\u0085", "\xff\xfe", "\x00", "\u202e",
		`"}` + "\n" + `{"seq":99,"action":"forged"}`, "\n" + `{"seal":1,"v":1}` + "\n", `\`, `\"`, "a\tb",
	}
	for _, x := range evil {
		must(t, l.Record(t.Context(), Event{
			Actor: x, Address: x, Action: x, Resource: x, Outcome: Outcome(x), RequestID: x, TraceID: x,
			Details: []slog.Attr{slog.String(x, x), slog.Group(x, slog.Any(x, []string{x})), slog.Any("e", errors.New(x)), slog.Any("m", map[string]any{x: x})},
		}))
	}
	must(t, f.Close())
	n := 0
	for _, line := range lines(t, dir) {
		checkLine(t, []byte(strings.TrimSuffix(line, "\n")))
		if !strings.HasPrefix(line, sealStart) {
			n++
		}
	}
	if n != len(evil) {
		t.Errorf("%d lines of %d events", n, len(evil))
	}
	for name, out := range map[string]string{"text": text.String(), "JSON": structured.String()} {
		if n := strings.Count(out, "\n"); n != len(evil) || strings.ContainsAny(out, "\x1b\u009b\u2028\u2029\u0085\u202e\x00\r\t") {
			t.Errorf("as %s, %d lines of %d events:\n%q", name, n, len(evil), out)
		}
	}
	if r, err := verifyDir(t, dir, nil); err != nil || r.Events != uint64(len(evil)) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSlogHandlerFillsTheFields(t *testing.T) {
	s := new(fragile)
	logger := slog.New(newLog(t, Refuse, s).Handler())
	logger.With("actor", "ada", "k", 1).WithGroup("g").With("in", 2).WithGroup("h").Warn("asset.deleted", "outcome", Refused, "x", 3)
	logger.Info("plain", "outcome", Refused, "resource", "asset/film", "address", "::1", "request_id", "r", "trace_id", "t", "actor", 17)
	want := []string{
		`"actor":"ada","action":"asset.deleted","details":{"k":1,"g":{"in":2,"h":{"outcome":"refused","x":3}}}}`,
		`"address":"::1","action":"plain","resource":"asset/film","outcome":"refused","request_id":"r","trace_id":"t","details":{"actor":17}}`,
	}
	for i, w := range want {
		if !strings.HasSuffix(s.lines[i], ","+w+"\n") {
			t.Errorf("got %s, want %s", s.lines[i], w)
		}
	}
}

func TestSlogHandlerIsOneAsSlogWantsIt(t *testing.T) {
	var s *fragile
	slogtest.Run(t, func(*testing.T) slog.Handler {
		s = new(fragile)
		l, _ := New([]Sink{s}, nil)
		return l.Handler()
	}, func(t *testing.T) map[string]any {
		var m map[string]any
		must(t, json.Unmarshal([]byte(s.lines[0]), &m))
		flat := map[string]any{slog.TimeKey: m["time"], slog.MessageKey: m["action"], slog.LevelKey: "INFO"}
		if strings.HasSuffix(t.Name(), "zero-time") {
			delete(flat, slog.TimeKey) // an audit event has a time, whatever slog says
		}
		if details, ok := m["details"].(map[string]any); ok {
			maps.Copy(flat, details)
		}
		return flat
	})
}

func TestHandlersDoNotShareWhatFollows(t *testing.T) {
	s := new(fragile)
	base := slog.New(newLog(t, Refuse, s).Handler()).With("a", 1).With("b", 2).With("c", 3)
	x, y := base.With("d", 4), base.With("e", 5)
	group := base.WithGroup("g")
	g, h, i := group.With("d", 4), group.With("e", 5), group.WithGroup("i").With("f", 6)
	for _, l := range []*slog.Logger{x, y, g, h, i, group, base} {
		l.Info("m")
	}
	want := []string{
		"m a=1 b=2 c=3 d=4", "m a=1 b=2 c=3 e=5", "m a=1 b=2 c=3 g=[d=4]", "m a=1 b=2 c=3 g=[e=5]",
		"m a=1 b=2 c=3 g=[i=[f=6]]", "m a=1 b=2 c=3", "m a=1 b=2 c=3",
	}
	if diff := cmp.Diff(want, s.actions(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestToHandlerSpeaksSlog(t *testing.T) {
	var out bytes.Buffer
	l := newLog(t, Refuse, ToHandler(slog.NewTextHandler(&out, nil)), ToHandler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelError})))
	e := typical()
	e.Details = append(e.Details, slog.Any("list", []any{"a\n", 1}))
	must(t, l.Record(t.Context(), e))
	e.Outcome = Refused
	must(t, l.Record(t.Context(), e))
	want := `time=2026-03-01T12:00:00.123Z level=INFO msg=asset.deleted actor=user-4711 address=192.0.2.17 resource=asset/0190b5c2-8c1e-7d3a ` +
		`outcome=success request_id=q3b7n2v5x8k1m4p7 trace_id=4bf92f3577b34da6a3ce929d0e0e4736 details.title="A film about a dog" ` +
		`details.size=123456789 details.public=false details.list="[a\\n 1]"` + "\n"
	want += strings.NewReplacer("INFO", "WARN", "outcome=success", "outcome=refused").Replace(want)
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSeveralSinksGetTheSame(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	one, two := open(t, a, FileOptions{}), open(t, b, FileOptions{NoWait: true})
	l := newLog(t, Refuse, one, two)
	for i := range 10 {
		must(t, l.Record(t.Context(), Event{Action: fmt.Sprint("a", i)}))
	}
	must(t, one.Close())
	must(t, two.Close())
	if x, y := actions(t, a), actions(t, b); len(x) != 10 || !slices.Equal(x, y) {
		t.Errorf("%v and %v", x, y)
	}
}
