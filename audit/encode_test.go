package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestEventIsOneLineWithoutWhatCouldDriveATerminal(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"plain":                       {"a film", `"a film"`},
		"other scripts stay":          {"Amélie 千と千尋 🎬", `"Amélie 千と千尋 🎬"`},
		"a line feed":                 {"a\nb\r\tc", `"a\nb\r\tc"`},
		"a forged event":              {`","outcome":"success"}` + "\n{", `"\",\"outcome\":\"success\"}\n{"`},
		"a backslash":                 {`\`, `"\\"`},
		"ANSI":                        {"\x1b[31mred", `"\u001b[31mred"`},
		"ANSI in one byte of Latin-1": {"\u009b31m", `"\u009b31m"`},
		"delete":                      {"\x7f", `"\u007f"`},
		"zero":                        {"\x00", `"\u0000"`},
		"separators of lines":         {"a\u2028b\u2029c\u0085", `"a\u2028b\u2029c\u0085"`},
		"right to left":               {"\u202egpj.exe\u2066", `"\u202egpj.exe\u2066"`},
		"without a width":             {"ad\u200bmin\ufeff\u00ad", `"ad\u200bmin\ufeff\u00ad"`},
		"tags":                        {"\U000e0041", `"\udb40\udc41"`},
		"no UTF-8":                    {"a\xffb\xc3", `"a` + "\ufffdb\ufffd" + `"`},
		"what stands for no UTF-8":    {"\ufffd", `"` + "\ufffd" + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			for pad := range 9 { // eight bytes are looked at together
				got := string(appendText(nil, strings.Repeat("x", pad)+tt.text, maxField))
				if want := `"` + strings.Repeat("x", pad) + tt.want[1:]; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
}

func TestLongTextIsCutAtARune(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"as long as may be": {"abcdefgh", `"abcdefgh"`},
		"longer":            {"abcdefghi", `"abcdefgh…[+1 bytes]"`},
		"within a rune":     {"abcdefgö", `"abcdefg…[+2 bytes]"`},
		"no UTF-8 at all":   {strings.Repeat("\x80", 10), `"` + strings.Repeat("\ufffd", 4) + `…[+6 bytes]"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(appendText(nil, tt.text, 8)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

type stubborn struct{}

func (stubborn) MarshalJSON() ([]byte, error) { panic("no") }

type nested struct {
	Title  string      `json:"title"`
	Header http.Header `json:"header"`
	Inner  struct {
		Password string `json:"password"`
		N        int64  `json:"n"`
	} `json:"inner"`
}

func TestDetailsOfEachType(t *testing.T) {
	deep := any("x")
	for range 40 {
		deep = []any{deep}
	}
	n := nested{Title: "a", Header: http.Header{"Cookie": {"c"}, "Range": {"bytes=0-"}}}
	n.Inner.Password, n.Inner.N = "hunter2", math.MaxInt64
	link, err := url.Parse("https://ada:hunter2@example.com/film%20a?token=t")
	must(t, err)
	for name, tt := range map[string]struct {
		value any
		want  string
	}{
		"text":                    {"a\n", `"a\n"`},
		"a number":                {int64(math.MinInt64), `-9223372036854775808`},
		"a large number":          {uint64(math.MaxUint64), `18446744073709551615`},
		"a fraction":              {1.5, `1.5`},
		"no number":               {math.NaN(), `"NaN"`},
		"infinity":                {math.Inf(-1), `"-Inf"`},
		"nothing":                 {nil, `null`},
		"a duration":              {1500 * time.Millisecond, `"1.5s"`},
		"a time":                  {time.Date(2026, 3, 1, 13, 0, 0, 5, time.FixedZone("", 3600)), `"2026-03-01T12:00:00.000000005Z"`},
		"a time that has no year": {time.Date(12026, 3, 1, 13, 0, 0, 5, time.UTC), `"0001-01-01T00:00:00Z"`},
		"an error":                {errors.New("bad\nworse"), `"bad\nworse"`},
		"an error that panics":    {(*url.Error)(nil), `"[panic: runtime error: invalid memory address or nil pointer dereference]"`},
		"JSON that panics":        {stubborn{}, `"[no JSON: panic: no]"`},
		"no JSON":                 {func() {}, `"[no JSON: json: unsupported type: func()]"`},
		"a list":                  {[]string{"b", "a"}, `["b","a"]`},
		"a map in order":          {map[string]any{"b": 1, "a": []any{true, nil}}, `{"a":[true,null],"b":1}`},
		"a group":                 {slog.GroupValue(slog.Int("a", 1), slog.Group("b"), slog.Group("", slog.Int("c", 2))), `{"a":1,"c":2}`},
		"a request":               {http.Request{}, `"[no JSON: json: unsupported type: func() (io.ReadCloser, error)]"`},
		"headers":                 {http.Header{"Authorization": {"Bearer x"}, "Range": {"a", "b"}}, `{"Authorization":"[redacted]","Range":["a","b"]}`},
		"a cookie":                {&http.Cookie{Name: "a", Value: "secret"}, `"[redacted]"`},
		"an address":              {link, `"https://example.com/film%20a"`},
		"a struct": {n, `{"header":{"Cookie":"[redacted]","Range":["bytes=0-"]},` +
			`"inner":{"n":9223372036854775807,"password":"[redacted]"},"title":"a"}`},
		"too deep": {deep, strings.Repeat("[", maxDepth) + `"[nested too deep]"` + strings.Repeat("]", maxDepth)},
	} {
		t.Run(name, func(t *testing.T) {
			e := Event{Details: []slog.Attr{{Key: "k", Value: slog.AnyValue(tt.value)}}}
			want := `{"time":"0001-01-01T00:00:00Z","details":{"k":` + tt.want + `}}`
			if diff := cmp.Diff(want, string(e.AppendJSON(nil))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDetailsThatAreTooLongAreReplacedByTheirSize(t *testing.T) {
	many := make([]slog.Attr, 1000)
	for i := range many {
		many[i] = slog.String("k", strings.Repeat("\x00", 4000))
	}
	for name, details := range map[string][]slog.Attr{
		"many":               many,
		"a long list":        {slog.Any("l", slices.Repeat([]string{strings.Repeat("x", 1000)}, 1000))},
		"a long list within": {slog.Any("l", slices.Repeat([]any{[]any{strings.Repeat("x", 1000)}}, 1000))},
		"a long map": {slog.Any("l", func() map[string]string {
			m := map[string]string{}
			for i := range 10_000 {
				m[fmt.Sprint(i)] = "0123456789"
			}
			return m
		}())},
		"a foreign one": {slog.Any("l", slices.Repeat([]int32{1 << 30}, 100_000))},
	} {
		t.Run(name, func(t *testing.T) {
			e := Event{Action: "a", Details: details}
			got := e.AppendJSON(nil)
			if len(got) > 200 || !strings.Contains(string(got), `"details":{"audit_left_out_bytes":`) || !json.Valid(got) {
				t.Errorf("%d bytes: %.300s", len(got), got)
			}
		})
	}
}

func TestTheLongestEventFitsALine(t *testing.T) {
	long := strings.Repeat("\x00", 1<<20)
	e := Event{Actor: long, Address: long, Action: long, Resource: long, Outcome: Outcome(long), RequestID: long, TraceID: long}
	for n := range 17 {
		e.Details = slices.Repeat([]slog.Attr{slog.String("k", long[:600])}, n)
		if got := e.AppendJSON(nil); len(got) > maxEncoded || !json.Valid(got) {
			t.Fatalf("%d bytes", len(got))
		}
	}
}

// checkLine holds a line to what every line has to be.
func checkLine(t *testing.T, line []byte) {
	t.Helper()
	if !json.Valid(line) || !utf8.Valid(line) {
		t.Fatalf("no JSON: %q", line)
	}
	if len(line) > 2*maxEncoded {
		t.Fatalf("%d bytes", len(line))
	}
	for _, r := range string(line) {
		if r != ' ' && !unicode.IsPrint(r) && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && !prepended(r) || r == 0x2028 || r == 0x2029) {
			t.Fatalf("%U stands in %q", r, line)
		}
	}
}

// prepended are marks of format that have a shape and stand where they belong,
// such as the signs around Arabic numbers.
func prepended(r rune) bool {
	return !slices.ContainsFunc([]rune{0xad, 0x61c, 0xfeff}, func(o rune) bool { return r == o }) &&
		(r < 0x200b || r > 0x206f) && (r < 0xfff9 || r > 0xfffb) && (r < 0xe0000 || r > 0xe0fff)
}

func FuzzEventIsOneLineThatReadsTheSame(f *testing.F) {
	f.Add("ada", "asset.deleted", "k", "v", int64(1), 1.5, uint64(1), []byte(`{"a":[1,"b",{}],"c":{"d":null}}`))
	f.Add("\x1b[0m\n", "\u2028", "Authorization", "\xff\xfe", int64(-1), math.Inf(1), uint64(math.MaxUint64), []byte(`"\ud800"`))
	f.Add(`","x":"`, strings.Repeat("ä", 600), "", "", int64(0), 0.0, uint64(0), []byte(`{"":{"":1}}`))
	f.Fuzz(func(t *testing.T, actor, action, key, text string, i int64, x float64, u uint64, raw []byte) {
		var parsed any
		if json.Unmarshal(raw, &parsed) != nil {
			parsed = raw
		}
		e := Event{
			Time: time.Unix(i%253402300799, i%1e9), Actor: actor, Action: action, Details: []slog.Attr{
				slog.String(key, text), slog.Int64("i", i), slog.Float64("x", x), slog.Uint64("u", u), slog.Any("any", parsed),
				slog.Group(key, slog.String(key, text), slog.Bool("b", true)), slog.Any("secret "+key, NewSecret("canary-"+text)),
			},
		}
		line := e.AppendJSON(nil)
		checkLine(t, line)
		numbered := appendNumbered(nil, 7, line)
		entry, err := ParseEntry(numbered)
		if err != nil {
			t.Fatalf("%v: %q", err, numbered)
		}
		if entry.Seq != 7 || e.Time.Year() > 0 && !entry.Time.Equal(e.Time) {
			t.Fatalf("%v of %q", entry, line)
		}
		if len(actor) <= maxField && entry.Actor != toValid(actor) || len(action) <= maxField && entry.Action != toValid(action) {
			t.Fatalf("%q and %q of %q", entry.Actor, entry.Action, line)
		}
		if len(text) > 6 && strings.Contains(string(line), "canary-") && !strings.Contains(text+key+actor+action+string(raw), "canary-") {
			t.Fatalf("a secret is in %q", line)
		}
		if max(len(toValid(text)), len(toValid(key)), len(raw)) > maxString/3 || max(len(toValid(actor)), len(toValid(action))) > maxField {
			return // what is cut is cut again
		}
		if again := entry.Event.AppendJSON(nil); string(again) != string(line) && !strings.Contains(string(line), "-0") && !strings.Contains(string(line), `"":`) {
			t.Fatalf("read and written again\n%s\nis\n%s", line, again)
		}
	})
}

// toValid is s with U+FFFD for each byte that is no UTF-8.
func toValid(s string) string { return string([]rune(s)) }

func TestTimesAreThoseOfTheStandardLibrary(t *testing.T) {
	for _, when := range []time.Time{
		{},
		time.Unix(0, 0), time.Unix(0, 1), time.Unix(1, 100), time.Unix(1, 999999999), time.Unix(-1, 5e8), time.Unix(lastSecond, 120),
		time.Date(2026, 3, 1, 12, 0, 0, 1000, time.FixedZone("", 3600)), time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC),
		time.Date(2026, 3, 1, 11, 0, 0, 1000, time.UTC),
	} {
		if got, want := string(appendTime(nil, when)), when.UTC().Format(time.RFC3339Nano); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for _, when := range []time.Time{time.Unix(lastSecond+1, 0), time.Unix(firstSecond-1, 0)} {
		if got := string(appendTime(nil, when)); got != "0001-01-01T00:00:00Z" {
			t.Errorf("of %v: %s", when, got)
		}
	}
}
